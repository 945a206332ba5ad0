/**
 * What all pipelines of unconditional and class-conditional models share.
 *
 * @module
 */
import { closePixelParts } from "./_pixel_run.ts";
import type { Image } from "./image.ts";
import { type Defaults, drain, type Pipeline, type Preview, type RunOptions } from "./pipeline.ts";
import type { PixelParts } from "./unconditional.ts";

/**
 * A task of a model of pixels, or of a VAE's latents, that reads no text. A task of its own says what
 * `stream` does.
 *
 * @example Two images out of nothing
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Image, Lazy, PixelPipeline, type Preview } from "@shum/pipelines";
 *
 * class Grey extends PixelPipeline<{ readonly images: number }> {
 *   async *stream({ images }: { images: number }): AsyncGenerator<Preview, readonly Image[]> {
 *     await Promise.resolve();
 *     const { width, height } = this.defaults;
 *     const data = new Uint8Array(3 * width * height).fill(128);
 *     return Array.from({ length: images }, (_, seed) => ({ width, height, data, seed }));
 *   }
 * }
 * await using grey = new Grey({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 3,
 *   scaleFactor: 1,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * assertEquals((await grey.generate({ images: 2 })).length, 2);
 * ```
 */
export abstract class PixelPipeline<Input, Parts extends PixelParts = PixelParts>
  implements Pipeline<Input> {
  /** See `Pipeline.defaults`. */
  readonly defaults: Defaults;
  /** What the pipeline is made of. */
  protected readonly parts: Parts;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: Parts) {
    this.parts = parts;
    this.defaults = parts.defaults;
  }

  /** See `Pipeline.generate`. */
  generate(input: Input, options: RunOptions = {}): Promise<readonly Image[]> {
    return drain(this.stream(input, options));
  }

  /** See `Pipeline.stream`. */
  abstract stream(input: Input, options?: RunOptions): AsyncGenerator<Preview, readonly Image[]>;

  /** Closes the networks, those of the other tasks included. */
  [Symbol.asyncDispose](): Promise<void> {
    return closePixelParts(this.parts);
  }
}
