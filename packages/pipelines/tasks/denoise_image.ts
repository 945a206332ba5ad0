/**
 * Pictures without their noise.
 *
 * @module
 */
import { repeatPicture, sizeOfPicture } from "../run/_encode_image.ts";
import { addNoise } from "../run/_noise.ts";
import type { Picture } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { Task } from "../run/task.ts";

/** What to take the noise from. */
export interface DenoiseImageInput {
  /** The noisy picture; resized to the output's size. */
  readonly image: Picture;
  /** Standard deviation of its noise, in steps of 8 bits (0 to 255). */
  readonly noise: number;
}

/**
 * Samples of the posterior of a picture seen through Gaussian noise, Kawar et al. (2021),
 * https://arxiv.org/abs/2106.03400: a picture with noise of deviation sigma is a sample of the forward
 * process at the Karras level sigma, so the sampler begins there. Between two levels of the schedule the
 * noise is topped up to the higher one. A deterministic sampler gives one plausible picture; with
 * stochastic ones the seeds give many.
 *
 * @example Noise that is none
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { DenoiseImage, Lazy } from "@shum/pipelines";
 *
 * await using pipeline = new DenoiseImage({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 3,
 *   vaeScaleFactor: 1,
 *   sizeMultiple: 2,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * const image = { width: 2, height: 2, data: new Uint8Array(12) };
 * await assertRejects(() => pipeline.generate({ image, noise: 0 }), RangeError, "noise is 0");
 * ```
 */
export class DenoiseImage extends ModelPipeline<DenoiseImageInput, ModelParts> {
  /** Tells this pipeline from others. */
  readonly kind = "denoise-image" as const;

  /** Begins at the level of the picture's noise. */
  protected override task({ image, noise }: DenoiseImageInput): Task {
    if (!(noise > 0 && noise < Infinity)) {
      throw new RangeError(
        `Cannot denoise picture: noise is ${noise}; expected a deviation above 0, in steps of 8 bits`,
      );
    }
    const [black, white] = this.parts.range ?? [-1, 1];
    const near = noise / 255 * (white - black);
    return {
      size: sizeOfPicture(this.parts, image),
      begin: { near },
      start: (batch) => {
        const { alpha, sigma } = batch.level;
        const missing = Math.sqrt(Math.max(0, sigma ** 2 - (alpha * near) ** 2));
        const z = batch.noise();
        const pixels = repeatPicture(image, batch.shape, this.parts);
        return { x: addNoise(pixels, z, { alpha, sigma: missing }) };
      },
    };
  }
}
