/**
 * Images without any input.
 *
 * @module
 */
import type { Autoencoder, Denoiser } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import { type Image, toImage } from "./image.ts";
import type { Lazy } from "./lazy.ts";
import { initialNoise, makeGenerator, seedsOf } from "./noise.ts";
import { type Defaults, drain, type Pipeline, type Preview, type RunOptions } from "./pipeline.ts";
import { guidanceFor, sample, schedulerFor, type Shape } from "./sample.ts";

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
 * The shape of a run's samples.
 *
 * @param parts What the model says about sizes.
 * @param options What the caller said.
 * @param images How many images.
 * @returns `[images, channels, height, width]` in the network's cells.
 * @throws {RangeError} When width or height do not suit the model.
 *
 * @example A size that the VAE cannot make
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { shapeOf } from "@shum/pipelines";
 *
 * const defaults = { steps: 50, guidanceScale: 1, width: 512, height: 512 };
 * const parts = { channels: 4, scaleFactor: 8, sizeMultiple: 8, defaults };
 * assertThrows(() => shapeOf(parts, { width: 500 }, 1), RangeError, "multiple of 8");
 * ```
 */
export function shapeOf(
  parts: Pick<PixelParts, "channels" | "scaleFactor" | "sizeMultiple" | "defaults">,
  { width, height }: Pick<RunOptions, "width" | "height">,
  images: number,
): Shape {
  const { channels, scaleFactor, sizeMultiple, defaults } = parts;
  const size = { width: width ?? defaults.width, height: height ?? defaults.height };
  for (const name of ["width", "height"] as const) {
    const value = size[name];
    if (sizeMultiple === undefined && value !== defaults[name]) {
      throw new RangeError(
        `Cannot make image: ${name} is ${value}; expected ${
          defaults[name]
        }, the only one that the ` +
          `model was made for`,
      );
    }
    const multiple = sizeMultiple ?? 1;
    if (!Number.isInteger(value) || value < multiple || value % multiple !== 0) {
      const nearest = Math.max(1, Math.round((Number.isFinite(value) ? value : 0) / multiple));
      throw new RangeError(
        `Cannot make image: ${name} is ${value}; expected a multiple of ${multiple}, such as ` +
          `${nearest * multiple}`,
      );
    }
  }
  return [images, channels, size.height / scaleFactor, size.width / scaleFactor];
}

/**
 * How samples become images.
 *
 * @param autoencoder Decodes latents; samples are pixels without it.
 * @param seeds One seed per image.
 * @returns A function for {@linkcode sample}.
 *
 * @example Samples that are pixels
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decoder } from "@shum/pipelines";
 *
 * const [image] = await decoder(undefined, [42])(new Float32Array(3).fill(1), [1, 3, 1, 1]);
 * assertEquals([image!.seed, ...image!.data], [42, 255, 255, 255]);
 * ```
 */
export function decoder(
  autoencoder: Lazy<Autoencoder> | undefined,
  seeds: readonly number[],
): (x: Float32Array, shape: Shape) => Promise<readonly Image[]> {
  return async (x, shape) => {
    if (!autoencoder) return seeds.map((seed, i) => toImage({ data: x, shape }, i, seed));
    await using lease = await autoencoder.acquire();
    const pictures = await lease.value.decode(x, shape);
    return seeds.map((seed, i) => toImage(pictures, i, seed));
  };
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
