/**
 * Colours for grey pictures.
 *
 * @module
 */
import type { NoiseLevel } from "@shum/schedulers";
import { repeatPicture, sizeOfPicture } from "../run/_encode_image.ts";
import { fromNoise } from "../run/_noise.ts";
import type { Picture } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { Batch, Task } from "../run/task.ts";

/** What to colour. */
export interface ColorizeInput {
  /** The picture; of its colours only the mean of the channels is read. Resized to the output's size. */
  readonly image: Picture;
}

/**
 * Colourisation by an unconditional model, Song et al. (2021), https://arxiv.org/abs/2011.13456,
 * appendix I.3: in an orthonormal basis of colour space whose first axis is grey, (1, 1, 1) / sqrt 3,
 * the observation is one coordinate. After each step that coordinate is replaced by the observation
 * with the noise of the level, the two others being left to the sampler.
 *
 * Draws of each image: the initial noise, then per step the sampler's noise and that of the observation.
 *
 * @example A model of latents
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Colorize, Lazy } from "@shum/pipelines";
 *
 * await using pipeline = new Colorize({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 4,
 *   vaeScaleFactor: 8,
 *   sizeMultiple: 8,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * const image = { width: 8, height: 8, data: new Uint8Array(64) };
 * await assertRejects(() => pipeline.generate({ image }), TypeError, "expected a model of RGB");
 * ```
 */
export class Colorize extends ModelPipeline<ColorizeInput, ModelParts> {
  /** Tells this pipeline from others. */
  readonly kind = "colorize" as const;

  /** Replaces the grey of the samples by the picture's. */
  protected override task({ image }: ColorizeInput): Task {
    return {
      size: sizeOfPicture(this.parts, image),
      start: (batch) => {
        const grey = meanOfChannels(image, batch, this.parts);
        const constrain = (x: Float32Array, level: NoiseLevel) =>
          replaceGrey(x, grey, level, batch);
        const x = fromNoise(batch.noise(), batch);
        constrain(x, batch.level);
        return { x, constrain };
      },
    };
  }
}

/** `[height, width]` of one picture. */
function meanOfChannels(image: Picture, { shape }: Batch, parts: ModelParts): Float32Array {
  const [, , height, width] = shape;
  const size = height * width;
  const rgb = repeatPicture(image, [1, 3, height, width], parts);
  return Float32Array.from(
    { length: size },
    (_, i) => (rgb[i]! + rgb[size + i]! + rgb[2 * size + i]!) / 3,
  );
}

function replaceGrey(
  x: Float32Array,
  grey: Float32Array,
  { alpha, sigma }: NoiseLevel,
  { generators }: Batch,
): void {
  const size = grey.length;
  const z = new Float32Array(size);
  generators.forEach((generator, b) => {
    if (sigma > 0) generator.fill(z);
    const [red, green, blue] = [0, 1, 2].map((c) => (3 * b + c) * size) as [number, number, number];
    for (let i = 0; i < size; i++) {
      // The coordinate along (1, 1, 1) / sqrt 3 is sqrt 3 times the mean; all channels move alike.
      const mean = (x[red + i]! + x[green + i]! + x[blue + i]!) / 3;
      const wanted = alpha * grey[i]! + (sigma > 0 ? sigma * z[i]! / Math.sqrt(3) : 0);
      const shift = wanted - mean;
      x[red + i]! += shift;
      x[green + i]! += shift;
      x[blue + i]! += shift;
    }
  });
}
