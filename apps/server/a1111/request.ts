/**
 * From A1111's requests to jobs.
 *
 * @module
 */

import { type Given, maskOf, requirePrompt } from "../cli.ts";
import { chosenSeed, defined, type DrawRequest } from "../drawing/request.ts";
import { bytesOf, type Source, sourceOf, uploaded } from "../drawing/uploads.ts";
import type { Services } from "../http/services.ts";
import { type Limits, requireWithin } from "../limits.ts";
import type { ServedModel } from "../models.ts";
import { type ImageBody, type TextBody, unservedField } from "./schemas.ts";
import { unserved, type WebuiState } from "./state.ts";

const above0 = (value: number | null | undefined) => value && value > 0 ? value : undefined;
const chosenName = (value: string | null | undefined) =>
  !value || /^(automatic|use same (sampler|scheduler))$/i.test(value) ? undefined : value;

/** A1111's "DDIM" spacing is what others call leading. */
function scheduleOf(value: string | null | undefined): string | undefined {
  const name = chosenName(value);
  return name !== undefined && /^ddim$/i.test(name) ? "leading" : name;
}

const NAMES = {
  prompt: "prompt",
  negativePrompt: "negative_prompt",
  size: "width",
  steps: "steps",
  images: "batch_size",
} as const;

function givenOf(body: TextBody, { opened: { pipeline } }: ServedModel, limits: Limits): Given & {
  readonly seed: number;
  readonly batchCount: number;
} {
  const prompt = body.prompt?.trim() ?? "";
  const negativePrompt = body.negative_prompt?.trim() || undefined;
  const images = (body.batch_size ?? 1) * (body.n_iter ?? 1);
  const [width, height] = [above0(body.width), above0(body.height)];
  const { defaults } = pipeline;
  const asked = {
    prompt,
    negativePrompt,
    width: width ?? defaults.width,
    height: height ?? defaults.height,
    steps: body.steps ?? defaults.steps,
    images,
  };
  requireWithin(limits, asked, NAMES);
  const strength = above0(body.subseed_strength);
  return {
    ...defined({
      negativePrompt: negativePrompt && requirePrompt(negativePrompt, "negative_prompt"),
      width,
      height,
      steps: body.steps,
      cfgScale: body.cfg_scale,
      sampler: chosenName(body.sampler_name) ?? chosenName(body.sampler_index),
      schedule: scheduleOf(body.scheduler),
      eta: body.eta,
      clipSkip: body.override_settings?.CLIP_stop_at_last_layers,
      variationStrength: strength,
      variationSeed: strength && chosenSeed(body.subseed, images, "subseed"),
    }),
    prompt: prompt && requirePrompt(prompt, "prompt"), // which may be empty there
    seed: chosenSeed(body.seed, images),
    batchCount: images,
  };
}

function common(body: TextBody, state: WebuiState, { limits }: Services) {
  const cannot = unservedField(body);
  if (cannot !== undefined) throw unserved(...cannot);
  const model = state.modelOf(chosenName(body.override_settings?.sd_model_checkpoint));
  return {
    door: "a1111" as const,
    model: model.name,
    given: givenOf(body, model, limits),
    format: "png" as const,
    previews: 0, // shown when progress is asked for
  };
}

/** The job of `txt2img`. */
export function textRequest(body: TextBody, state: WebuiState, services: Services): DrawRequest {
  return common(body, state, services);
}

/** The job of `img2img`. */
export async function imageRequest(
  body: ImageBody,
  state: WebuiState,
  services: Services,
): Promise<DrawRequest> {
  const request = common(body, state, services);
  const source = await sourceFrom(body, services.limits);
  const masked = source.mask !== undefined;
  const given = {
    ...request.given,
    initImg: "image",
    ...defined({
      strength: body.denoising_strength,
      mask: masked ? "mask" : undefined,
      maskBlur: masked ? body.mask_blur : undefined,
      maskPadding: masked && (body.inpaint_full_res ?? true)
        ? body.inpaint_full_res_padding ?? 0
        : undefined,
    }),
  };
  return { ...request, given, ...source };
}

async function sourceFrom(body: ImageBody, limits: Limits): Promise<Source> {
  const [first] = body.init_images;
  const picture = await uploaded(bytesOf(first!, "init_images"), "init_images", limits);
  if (!body.mask) return sourceOf(picture, undefined);
  const mask = await uploaded(bytesOf(body.mask, "mask"), "mask", limits);
  return sourceOf(picture, maskOf(mask, Boolean(body.inpainting_mask_invert)));
}
