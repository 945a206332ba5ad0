/**
 * Pictures with a part made anew, by a model of pixels.
 *
 * @module
 */
import type { NoiseLevel } from "@shum/schedulers";
import { repeatPicture, sizeOfPicture } from "../run/_encode_image.ts";
import { checkMask, toMask } from "../pictures/_mask.ts";
import { fromNoise } from "../run/_noise.ts";
import type { Picture } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { Batch, Task } from "../run/task.ts";
import { resize } from "../pictures/resize.ts";

/** What to make anew, and where. */
export interface PixelInpaintInput {
  /** The picture; resized to the output's size. */
  readonly image: Picture;
  /** As large as the picture; light (128 and above) where it is to be made anew. */
  readonly mask: Picture;
}

/**
 * Inpainting by an unconditional model, Song et al. (2021), https://arxiv.org/abs/2011.13456, appendix
 * I.2: after each step the known part is replaced by the picture with the noise of the level.
 *
 * Draws of each image: the initial noise, then per step the sampler's noise and that of the known part.
 *
 * @example A mask of another size
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, PixelInpaint } from "@shum/pipelines";
 *
 * await using pipeline = new PixelInpaint({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 3,
 *   vaeScaleFactor: 1,
 *   sizeMultiple: 2,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * const image = { width: 2, height: 2, data: new Uint8Array(12) };
 * const mask = { width: 2, height: 4, data: new Uint8Array(8) };
 * await assertRejects(() => pipeline.generate({ image, mask }), RangeError, "the mask is 2x4");
 * ```
 */
export class PixelInpaint extends ModelPipeline<PixelInpaintInput, ModelParts> {
  /** Tells this pipeline from others. */
  readonly kind = "pixel-inpaint" as const;

  /** Replaces the known part of the samples by the picture's. */
  protected override task({ image, mask }: PixelInpaintInput): Task {
    checkMask(mask, image);
    return {
      size: sizeOfPicture(this.parts, image),
      start: (batch) => {
        const [, , height, width] = batch.shape;
        const pixels = repeatPicture(image, batch.shape, this.parts);
        const known = toMask(resize(mask, width, height));
        const constrain = (x: Float32Array, level: NoiseLevel) =>
          replaceKnown(x, pixels, known, level, batch);
        const x = fromNoise(batch.noise(), batch);
        constrain(x, batch.level);
        return { x, constrain };
      },
    };
  }
}

function replaceKnown(
  x: Float32Array,
  pixels: Float32Array,
  mask: Float32Array,
  { alpha, sigma }: NoiseLevel,
  { generators }: Batch,
): void {
  const size = x.length / generators.length;
  const z = new Float32Array(size);
  generators.forEach((generator, b) => {
    if (sigma > 0) generator.fill(z);
    for (let i = 0, at = b * size; i < size; i++, at++) {
      if (mask[i % mask.length] !== 0) continue;
      x[at] = alpha * pixels[at]! + (sigma > 0 ? sigma * z[i]! : 0);
    }
  });
}
