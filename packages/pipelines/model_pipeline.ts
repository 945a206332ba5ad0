/**
 * What all pipelines of one model share.
 *
 * @module
 */
import type { Image } from "./image.ts";
import { Lazy } from "./lazy.ts";
import { type Defaults, drain, type Pipeline, type Preview, type RunOptions } from "./pipeline.ts";

/** What a pipeline is made of, its networks among it: every `Lazy` of it is closed with the pipeline. */
export interface ModelParts {
  /** What is used where options say nothing. */
  readonly defaults: Defaults;
}

/**
 * A task of a model. It says what `stream` does; several tasks may share one model's parts.
 *
 * @example Two images out of nothing
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Image, type ModelParts, ModelPipeline, type Preview } from "@shum/pipelines";
 *
 * class Grey extends ModelPipeline<{ readonly images: number }, ModelParts> {
 *   async *stream({ images }: { images: number }): AsyncGenerator<Preview, readonly Image[]> {
 *     await Promise.resolve();
 *     const { width, height } = this.defaults;
 *     const data = new Uint8Array(3 * width * height).fill(128);
 *     return Array.from({ length: images }, (_, seed) => ({ width, height, data, seed }));
 *   }
 * }
 * await using grey = new Grey({
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * assertEquals((await grey.generate({ images: 2 })).length, 2);
 * ```
 */
export abstract class ModelPipeline<Input, Parts extends ModelParts> implements Pipeline<Input> {
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
  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of Object.values(this.parts)) {
      if (part instanceof Lazy) await part[Symbol.asyncDispose]();
    }
  }
}
