/**
 * Between samples and pixels from -1 to 1.
 *
 * @module
 */
import type { Gaussian } from "@shum/schedulers";
import { type Image, toImage } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import type { TextParts } from "../text_parts.ts";
import type { Shape } from "./_shape.ts";

/** Values and their shape. */
export interface Pixels {
  /** Flat, in the order of `shape`. */
  readonly data: Float32Array;
  /** `[images, 3, height, width]`. */
  readonly shape: Shape;
}

/**
 * The pixels that samples stand for.
 *
 * @param parts What decodes latents, or the range of pixels.
 * @param x The samples.
 * @param shape Their shape.
 * @param signal Stops the decoding.
 * @returns Pixels; `x` itself where the samples are such.
 */
export async function toPixels(
  { decoder, range: [low, high] = [-1, 1] }: Pick<ModelParts, "decoder" | "range">,
  x: Float32Array,
  shape: Shape,
  signal?: AbortSignal,
): Promise<Pixels> {
  if (decoder) {
    await using lease = await decoder.acquire();
    return await lease.value.decode(x, shape, { signal });
  }
  const isPlain = low === -1 && high === 1;
  return { data: isPlain ? x : x.map((v) => 2 * (v - low) / (high - low) - 1), shape };
}

/**
 * How samples become images.
 *
 * @param parts What decodes latents, or the range of pixels.
 * @param x The samples.
 * @param shape Their shape.
 * @param seeds One seed per image.
 * @returns The images.
 */
export async function decode(
  parts: Pick<ModelParts, "decoder" | "range">,
  x: Float32Array,
  shape: Shape,
  seeds: readonly number[],
): Promise<readonly Image[]> {
  const pictures = await toPixels(parts, x, shape);
  return seeds.map((seed, i) => toImage(pictures, i, seed));
}

/**
 * The samples that pixels stand for.
 *
 * @param parts What encodes latents, or the range of pixels.
 * @param pixels `[images, 3, height, width]`.
 * @param how What draws from the VAE's posterior, whose mean it is otherwise; what stops the encoding.
 * @returns The samples; the data of `pixels` itself where they are such.
 * @throws {TypeError} When the model cannot read pictures.
 */
export async function fromPixels(
  parts: ModelParts & Pick<Partial<TextParts>, "encoder">,
  { data, shape }: Pixels,
  { noise, signal }: {
    readonly noise?: Gaussian | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Float32Array> {
  checkReads(parts);
  const { encoder, range: [low, high] = [-1, 1] } = parts;
  if (encoder) {
    await using lease = await encoder.acquire();
    return (await lease.value.encode(data, shape, { noise, signal })).data;
  }
  const isPlain = low === -1 && high === 1;
  return isPlain ? data : data.map((v) => low + (high - low) * (v + 1) / 2);
}

/**
 * Throws unless a model can read pictures.
 *
 * @param parts The model.
 * @throws {TypeError} When its samples are latents, and nothing encodes them.
 */
export function checkReads(parts: ModelParts & Pick<Partial<TextParts>, "encoder">): void {
  if (parts.encoder || (!parts.decoder && parts.channels === 3)) return;
  throw new TypeError(
    parts.decoder
      ? "Cannot read picture: the model has no vae_encoder; expected a model with one"
      : `Cannot read picture: the model makes samples of ${parts.channels} channels; expected RGB`,
  );
}
