/**
 * Images without any input.
 *
 * @module
 */
import type { Autoencoder, Denoiser } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import { initialNoise, makeGenerator, seedsOf } from "./_noise.ts";
import { guidanceFor, sample, schedulerFor } from "./_sample.ts";
import { decoder, shapeOf } from "./_shape.ts";
import type { Image } from "./image.ts";
import { Lazy } from "./lazy.ts";
import { type Defaults, drain, type Pipeline, type Preview, type RunOptions } from "./pipeline.ts";

/** What an unconditional or class-conditional pipeline is made of. */
export interface PixelParts {
  /** The model's `scheduler_config.json`. */
  readonly scheduler: SchedulerConfig;
  /** The network. */
  readonly denoiser: Lazy<Denoiser>;
  /** From latents to pixels, where the network works on latents. */
  readonly autoencoder?: Lazy<Autoencoder>;
  /** Channels of a sample. */
  readonly channels: number;
  /** Pixels per cell of a sample: 1 without a VAE. */
  readonly scaleFactor: number;
  /** What width and height must be a multiple of, in pixels; absent if only the default size works. */
  readonly sizeMultiple?: number;
  /** What is used where options say nothing. */
  readonly defaults: Defaults;
}

/**
 * Images from noise alone: DDPM, DDIM and consistency models, in pixels or in a VAE's latents.
 *
 * @example Bad settings are refused before anything is opened
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, Unconditional } from "@shum/pipelines";
 *
 * await using pipeline = new Unconditional({
 *   scheduler: { _class_name: "DDPMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 3,
 *   scaleFactor: 1,
 *   defaults: { steps: 1000, guidanceScale: 1, width: 32, height: 32 },
 * });
 * await assertRejects(() => pipeline.generate({}, { steps: 0 }), RangeError, "steps is 0");
 * ```
 */
export class Unconditional implements Pipeline<Record<never, never>> {
  /** Tells this pipeline from others. */
  readonly kind = "unconditional" as const;
  /** See `Pipeline.defaults`. */
  readonly defaults: Defaults;
  readonly #parts: PixelParts;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: PixelParts) {
    this.#parts = parts;
    this.defaults = parts.defaults;
  }

  /** See `Pipeline.generate`. */
  generate(input: Record<never, never> = {}, options: RunOptions = {}): Promise<readonly Image[]> {
    return drain(this.stream(input, options));
  }

  /** See `Pipeline.stream`. */
  async *stream(
    _input: Record<never, never> = {},
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    const { signal, networks } = options;
    signal?.throwIfAborted();
    const run = seedsOf(options);
    const shape = shapeOf(this.#parts, options, run.seeds.length);
    const scheduler = schedulerFor(this.#parts.scheduler, options, this.defaults.steps);
    const generators = run.seeds.map((seed) => makeGenerator(options.rng ?? "torch", seed));
    const x = initialNoise(shape, generators, options, run);
    for (let i = 0; i < x.length; i++) x[i]! *= scheduler.initNoiseSigma;
    await using denoiser = await this.#parts.denoiser.acquire();
    return yield* sample({
      scheduler,
      x,
      shape,
      generators,
      seeds: run.seeds,
      guidance: guidanceFor(options, 1),
      denoiser: denoiser.value,
      networks,
      conditions: { positive: { inputs: {} } },
      decode: decoder(this.#parts.autoencoder, run.seeds),
      signal,
    });
  }

  /** Closes the networks. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.denoiser[Symbol.asyncDispose]();
    await this.#parts.autoencoder?.[Symbol.asyncDispose]();
  }
}
