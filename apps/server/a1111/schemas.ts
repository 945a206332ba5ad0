/**
 * A1111's requests: of its hundred fields, those that decide the picture. The rest is read past, except
 * where it asks for something that would make another picture, which is refused by name.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { range } from "../drawing/settings.ts";

const count = z.number().int().min(1).nullish();
/** A1111's clients write "none" as 0 or -1. */
const size = z.number().int().min(-1).max(99_999).nullish();
const name = z.string().max(256).nullish();

const fields = {
  prompt: z.string().nullish(),
  negative_prompt: z.string().nullish(),
  seed: range("seed"),
  subseed: range("variationSeed"),
  subseed_strength: range("variationStrength"),
  sampler_name: name,
  sampler_index: name.describe("the old name of sampler_name"),
  scheduler: name,
  batch_size: count,
  n_iter: count,
  steps: range("steps"),
  cfg_scale: range("cfgScale"),
  width: size,
  height: size,
  eta: range("eta"),
  send_images: z.boolean().nullish(),
  override_settings: z.looseObject({
    sd_model_checkpoint: name,
    CLIP_stop_at_last_layers: range("clipSkip"),
  }).nullish(),
} as const;

/** Body of `txt2img`. */
export const textBody = z.looseObject(fields).openapi("Txt2Img");

/** Body of `img2img`. */
export const imageBody = z.looseObject({
  ...fields,
  init_images: z.array(z.string()).length(1, "expected one picture, in base64"),
  denoising_strength: range("strength"),
  mask: z.string().nullish().describe("white is repainted"),
  mask_blur: range("maskBlur"),
  inpaint_full_res: z.union([z.boolean(), z.number()]).nullish()
    .describe("repaint the part around the mask at full size; true when absent"),
  inpaint_full_res_padding: range("maskPadding"),
  inpainting_mask_invert: z.union([z.boolean(), z.number()]).nullish(),
}).openapi("Img2Img");

/** What a text asks for. */
export type TextBody = z.infer<typeof textBody>;
/** What a picture asks for. */
export type ImageBody = z.infer<typeof imageBody>;

/** The answer of both. */
export const answerBody = z.object({
  images: z.array(z.string()),
  parameters: z.record(z.string(), z.unknown()),
  info: z.string().describe("JSON"),
}).openapi("A1111Images");

const isOn = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 0 && value !== "" &&
  !(Array.isArray(value) && value.length === 0) &&
  !(typeof value === "object" && Object.keys(value).length === 0) &&
  !(typeof value === "string" && /^(none|automatic)$/i.test(value));

/** Fields that would make another picture than is made here. */
const CANNOT: Readonly<Record<string, string>> = {
  enable_hr: "there is no second pass; draw at the size wanted, or enlarge afterwards",
  restore_faces: "there is no network for it",
  tiling: "pictures do not tile",
  styles: "there are no styles; write them into the prompt",
  script_name: "there are no scripts",
  alwayson_scripts: "there are no extensions",
  refiner_checkpoint: "there is no refiner",
  save_images: "this server writes no files; the answer has the pictures",
  resize_mode: "pictures are resized to the output's size; crop or pad beforehand",
};

/** A field that is set and cannot be served, with the reason. */
export function unservedField(
  body: Readonly<Record<string, unknown>>,
): [string, string] | undefined {
  return Object.entries(CANNOT).find(([key]) => isOn(body[key]));
}
