/**
 * Images with a part repainted.
 *
 * @module
 */
import type { Tensor } from "@shum/models";
import type { Gaussian, NoiseLevel } from "@shum/schedulers";
import { encodeEach, sizeFrom } from "../run/_encode_image.ts";
import { checkMask, paste, toMask } from "../pictures/_mask.ts";
import { crop, cropRegion, putBack } from "../pictures/_mask_crop.ts";
import { addNoise, fromNoise } from "../run/_noise.ts";
import { textTask } from "../run/_text_task.ts";
import { type Image, type Picture, toTensor } from "../pictures/image.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import { resize } from "../pictures/resize.ts";
import type { Batch, Start, Task } from "../run/task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

/** What to repaint, and how. */
export interface InpaintInput extends TextInput {
  /** The image; resized to the output's size. */
  readonly image: Picture;
  /** As large as the image; light (128 and above) where it is to be repainted. */
  readonly mask: Picture;
  /** As in image to image; at 1, the default, the repainted part starts from noise alone. */
  readonly strength?: number | undefined;
  /**
   * Whether to put the original's pixels back outside the mask, which the VAE else changes a little.
   * Default `false`, as in diffusers.
   */
  readonly keepOriginal?: boolean | undefined;
  /**
   * Repaints only the part around the mask, with this many pixels more on each side and in the output's
   * proportions, at the output's full size (the model's own, unless it is given), and puts it back into
   * the image, whose size and whose pixels outside the mask stay. For small parts of large images.
   */
  readonly paddingMaskCrop?: number | undefined;
}

/**
 * Inpainting, either way: networks of 9 channels see the mask and the masked image; others are held to
 * the original outside the mask by replacing that part, noised to the level at hand, after every step.
 *
 * Draws of each image: the posterior sample of the image (if it is used), the noise, the posterior
 * sample of the masked image, the sampler's noise.
 *
 * @example A mask of another size
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Inpaint, Lazy } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new Inpaint({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   encoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const image = { width: 8, height: 8, data: new Uint8Array(192) };
 * const mask = { width: 4, height: 8, data: new Uint8Array(32) };
 * const run = pipeline.generate({ prompt: "a cat", image, mask });
 * await assertRejects(() => run, RangeError, "the mask is 4x8");
 * ```
 */
export class Inpaint extends ModelPipeline<InpaintInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "inpaint" as const;

  /** Encodes the image, and holds what is outside the mask; the size is the image's, unless given. */
  protected override task(input: InpaintInput, options: RunOptions): Task {
    const parts = this.parts;
    check(parts, input);
    const { image, mask, paddingMaskCrop, strength = 1 } = input;
    const { strengthInSchedule: inSchedule } = parts;
    const task = { ...textTask(parts, input, options), begin: { strength, inSchedule } };
    if (paddingMaskCrop === undefined) {
      const { keepOriginal } = input;
      return {
        ...task,
        size: sizeFrom(image, parts),
        start: (batch) => start(parts, input, options, batch),
        ...keepOriginal && { finish: (images) => images.map((made) => keep(made, input)) },
      };
    }
    const { width, height } = { ...parts.defaults, ...options };
    const repainted = toMask(mask);
    const region = cropRegion(repainted, image, paddingMaskCrop, width / height);
    const part = { ...input, image: crop(image, region), mask: crop(mask, region) };
    return {
      ...task,
      start: (batch) => start(parts, part, options, batch),
      finish: (images) => images.map((made) => putBack(image, repainted, region, made)),
    };
  }
}

/** Puts the original's pixels back outside the mask. */
function keep(made: Image, { image, mask }: InpaintInput): Image {
  const { width, height } = made;
  return paste(made, resize(image, width, height), toMask(resize(mask, width, height)));
}

function check({ encoder, inChannels, channels }: TextParts, { image, mask }: InpaintInput): void {
  if (!encoder) {
    throw new TypeError("Cannot inpaint: the model has no vae_encoder; expected a model with one");
  }
  if (inChannels !== channels && inChannels !== 2 * channels + 1) {
    throw new TypeError(
      `Cannot inpaint: the model reads ${inChannels} channels; expected ${channels}, or ` +
        `${2 * channels + 1} with mask and masked image`,
    );
  }
  checkMask(mask, image);
}

async function start(
  parts: TextParts,
  input: InpaintInput,
  options: RunOptions,
  batch: Batch,
): Promise<Start> {
  const { shape: [images, channels, rows, columns], generators, level } = batch;
  const factor = parts.vaeScaleFactor;
  const [width, height] = [columns * factor, rows * factor];
  const mask = toMask(resize(input.mask, width, height));
  const tensor = toTensor(resize(input.image, width, height));
  const blends = parts.inChannels === channels;
  const startsFromNoise = (input.strength ?? 1) === 1;
  await using lease = await parts.encoder!.acquire();
  const encode = (of: Float32Array, from: readonly Gaussian[]) =>
    encodeEach(lease.value, of, { ...batch, generators: from }, options);

  const counted = generators.map(counting);
  const original = blends || !startsFromNoise ? await encode(tensor, counted) : undefined;
  const noise = batch.noise();
  const x = startsFromNoise ? fromNoise(noise, batch) : addNoise(original!, noise, level);
  const small = shrink(mask, width, height, factor);
  if (!blends) {
    const masked = tensor.map((value, i) => value * (1 - mask[i % mask.length]!));
    const latents = await encode(masked, generators);
    return { x, concat: beside(small, latents, batch.shape) };
  }
  // diffusers encodes the masked image here too and lets it lie: only its draw is felt, later on.
  generators.forEach((generator, b) => generator.fill(new Float32Array(counted[b]!.drawn)));
  const cells = rows * columns;
  const constrain = (x: Float32Array, { alpha, sigma }: NoiseLevel) => {
    for (let plane = 0; plane < images * channels; plane++) {
      for (let i = 0, at = plane * cells; i < cells; i++, at++) {
        if (small[i] === 0) x[at] = alpha * original![at]! + sigma * noise[at]!;
      }
    }
  };
  return { x, constrain };
}

/** A generator that knows how many numbers were drawn from it. */
function counting(generator: Gaussian): Gaussian & { readonly drawn: number } {
  let drawn = 0;
  return {
    fill(out) {
      drawn += out.length;
      generator.fill(out);
    },
    get drawn() {
      return drawn;
    },
  };
}

/** The top left pixel of each cell, as torch's nearest neighbour. */
function shrink(mask: Float32Array, width: number, height: number, factor: number): Float32Array {
  const columns = width / factor;
  return Float32Array.from({ length: columns * height / factor }, (_, i) => {
    const row = Math.floor(i / columns), column = i % columns;
    return mask[row * factor * width + column * factor]!;
  });
}

/** `[batch, 1 + channels, height, width]`: the mask, then the masked image's latents. */
function beside(
  mask: Float32Array,
  latents: Float32Array,
  [batch, channels, height, width]: readonly [number, number, number, number],
): Tensor {
  const size = channels * mask.length;
  const data = new Float32Array(batch * (mask.length + size));
  for (let b = 0; b < batch; b++) {
    const at = b * (mask.length + size);
    data.set(mask, at);
    data.set(latents.subarray(b * size, (b + 1) * size), at + mask.length);
  }
  return { data, shape: [batch, 1 + channels, height, width] };
}
