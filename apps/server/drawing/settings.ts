/**
 * The settings of a picture as fields of a JSON object, for the doors whose fields are ours to name.
 * Ranges are those of the command line's options.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { type Given, pictureOptions, requirePrompt } from "../cli.ts";
import { type Limits, requireWithin } from "../limits.ts";
import type { ServedModel } from "../models.ts";
import { badRequest } from "../errors.ts";
import { chosenSeed, defined } from "./request.ts";

type NumberKey = {
  [K in keyof typeof pictureOptions]: (typeof pictureOptions)[K] extends { min: number } ? K
    : never;
}[keyof typeof pictureOptions];

/** A number as the command line takes it. */
export function range(key: NumberKey) {
  const { kind, min, max, help } = pictureOptions[key];
  const number = z.number().min(min).max(max);
  return (kind === "integer" ? number.int() : number).nullish().describe(help);
}

const name = z.string().max(64).nullish();

/** Fields that both of our own vocabularies have: OpenAI's requests take them too. */
export const settingFields = {
  negative_prompt: z.string().nullish().describe(pictureOptions.negativePrompt.help),
  seed: range("seed"),
  steps: range("steps"),
  num_inference_steps: range("steps").describe("another name of steps"),
  guidance_scale: range("cfgScale"),
  cfg_scale: range("cfgScale").describe("another name of guidance_scale"),
  guidance: z.enum(pictureOptions.guidance.choices).nullish().describe("the method of guidance"),
  guidance_rescale: range("guidanceRescale"),
  sampler: name.describe(pictureOptions.sampler.help),
  schedule: name.describe(pictureOptions.schedule.help),
  eta: range("eta"),
  clip_skip: range("clipSkip"),
  rng: z.enum(pictureOptions.rng.choices).nullish().describe(pictureOptions.rng.help),
  variation_seed: range("variationSeed"),
  variation_strength: range("variationStrength"),
} as const;

const schema = z.object(settingFields);
/** What {@linkcode settingFields} hold. */
export type SettingFields = z.infer<typeof schema>;

/** What a request says beside {@linkcode SettingFields}. */
export interface Wanted {
  readonly prompt: string;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly images: number;
  /** More options, as the command line has them. */
  readonly more?: Given;
}

/**
 * Fields as settings, checked against the limits.
 *
 * @throws {HttpError} A field that cannot be, by name.
 */
export function givenFrom(
  fields: SettingFields,
  { prompt, width, height, images, more = {} }: Wanted,
  { opened: { pipeline: { defaults } } }: ServedModel,
  limits: Limits,
): Given & { readonly seed: number; readonly batchCount: number } {
  const steps = oneOf(fields, "steps", "num_inference_steps");
  const cfgScale = oneOf(fields, "guidance_scale", "cfg_scale");
  const { variation_strength: strength, variation_seed } = fields;
  if (typeof variation_seed === "number" && !strength) {
    throw badRequest(
      "Cannot use variation_seed without variation_strength above 0",
      "variation_strength",
    );
  }
  const negativePrompt = fields.negative_prompt?.trim() || undefined;
  requireWithin(
    limits,
    {
      prompt,
      negativePrompt,
      width: width ?? defaults.width,
      height: height ?? defaults.height,
      steps: steps ?? defaults.steps,
      images,
    },
    {
      prompt: "prompt",
      negativePrompt: "negative_prompt",
      size: "size",
      steps: "steps",
      images: "n",
    },
  );
  return {
    ...defined({
      prompt: requirePrompt(prompt, "prompt"),
      negativePrompt: negativePrompt && requirePrompt(negativePrompt, "negative_prompt"),
      width,
      height,
      steps,
      cfgScale,
      guidance: fields.guidance,
      guidanceRescale: fields.guidance_rescale,
      sampler: fields.sampler,
      schedule: fields.schedule,
      eta: fields.eta,
      clipSkip: fields.clip_skip,
      rng: fields.rng,
      variationStrength: strength,
      variationSeed: strength ? chosenSeed(variation_seed, images, "variation_seed") : undefined,
    }),
    ...more,
    seed: chosenSeed(fields.seed, images),
    batchCount: images,
  };
}

function oneOf<K extends "steps" | "num_inference_steps" | "guidance_scale" | "cfg_scale">(
  fields: SettingFields,
  name: K,
  other: K,
): number | undefined {
  const [value, same] = [fields[name] ?? undefined, fields[other] ?? undefined];
  if (value === undefined || same === undefined || value === same) return value ?? same;
  throw badRequest(
    `Cannot use ${name} ${value} and ${other} ${same}: they are one setting; expected one of them`,
    other,
  );
}
