/**
 * Pictures without their noise.
 *
 * @module
 */
import { type PixelRun, repeatPicture, runPixels, sizeOfPicture } from "./_pixel_run.ts";
import type { Image, Picture } from "./image.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import type { PixelParts } from "./unconditional.ts";

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
 *   scaleFactor: 1,
 *   sizeMultiple: 2,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * const image = { width: 2, height: 2, data: new Uint8Array(12) };
 * await assertRejects(() => pipeline.generate({ image, noise: 0 }), RangeError, "noise is 0");
 * ```
 */
export class DenoiseImage extends ModelPipeline<DenoiseImageInput, PixelParts> {
  /** Tells this pipeline from others. */
  readonly kind = "denoise-image" as const;

  /** See `Pipeline.stream`. */
  async *stream(
    { image, noise }: DenoiseImageInput,
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    if (!(noise > 0 && noise < Infinity)) {
      throw new RangeError(
        `Cannot denoise picture: noise is ${noise}; expected a deviation above 0, in steps of 8 bits`,
      );
    }
    const sized = sizeOfPicture(this.parts, image, options);
    const [black, white] = this.parts.range ?? [-1, 1];
    const from = noise / 255 * (white - black);
    const start = ({ shape, scheduler, noise: z }: PixelRun) => {
      const { alpha, sigma } = scheduler!.plan.steps[0]!.level;
      const missing = Math.sqrt(Math.max(0, sigma ** 2 - (alpha * from) ** 2));
      const pixels = repeatPicture(image, shape, this.parts);
      return pixels.map((value, i) => alpha * value + missing * z[i]!);
    };
    return yield* runPixels(this.parts, sized, { positive: { inputs: {} } }, 1, { from, start });
  }
}
