/**
 * What every pipeline is, and what it can be told.
 *
 * @module
 */
import type { Guidance, Progress } from "@shum/guidance";
import type { Denoiser } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import type { PredictGradient } from "./run/denoise.ts";
import type { Image, Images } from "./pictures/image.ts";
import type { RunPlan } from "./run/run_plan.ts";

/** Which generator draws the noise: torch's on CPU, NVIDIA's as other tools imitate it, or numpy's. */
export type Rng = "torch" | "nv" | "numpy";

/** Networks beside the model's own. The caller opens and closes them. */
export interface Networks {
  /** A worse version of the denoiser, for `autoguidance` of `@shum/guidance`. */
  readonly weak?: Denoiser;
  /** The denoiser with disturbed attention, for `perturbedAttention`. */
  readonly perturbed?: Denoiser;
  /** The gradient of a classifier, for `classifierGuidance`: see {@linkcode PredictGradient}. */
  readonly classifier?: PredictGradient;
}

/** The settings of a run that do not describe the picture. Whatever is absent, the model decides. */
export interface RunOptions {
  /** Denoising steps; solvers of two stages call the network twice per step. */
  readonly steps?: number;
  /**
   * Seed of the first image; image i has `seed + i`. A whole number from 0: of torch's negative and
   * 64-bit seeds the error names the one that draws the same. Random when absent, and
   * told in {@linkcode Image.seed}.
   */
  readonly seed?: number;
  /** The seed of each image, instead of `seed`. */
  readonly seeds?: readonly number[];
  /** How many images; each is the one that its seed alone would give. Default: one per prompt. */
  readonly images?: number;
  /** Strength of classifier-free guidance; 1 or less switches it off, as in diffusers. */
  readonly guidanceScale?: number;
  /** The phi of Lin et al. (2023), 0 to 1, see `rescale` of `@shum/guidance`. Default 0. */
  readonly guidanceRescale?: number;
  /** Any guidance, instead of `guidanceScale` and `guidanceRescale`. */
  readonly guidance?: Guidance;
  /** A sampler by any of its usual names ("euler_a", "DPM++ 2M", "UniPCMultistepScheduler"). */
  readonly sampler?: string;
  /** A noise schedule by name ("karras", "exponential", "beta", "sgm_uniform"...). */
  readonly schedule?: string;
  /** A scheduler configuration that replaces the model's own. */
  readonly scheduler?: SchedulerConfig;
  /** How stochastic DDIM and TCD are, 0 to 1. */
  readonly eta?: number;
  /** Training timesteps to visit, instead of `steps`. */
  readonly timesteps?: readonly number[];
  /** Noise levels (Karras sigmas) to visit, instead of `steps`. */
  readonly sigmas?: readonly number[];
  /** Pixels per row. */
  readonly width?: number;
  /** Rows. */
  readonly height?: number;
  /** Which generator draws the noise. Default `"torch"`. */
  readonly rng?: Rng;
  /** Seed of the noise to mix in; image i has `variationSeed + i`, and all share `seed`. */
  readonly variationSeed?: number;
  /** How much of that noise to mix in, 0 to 1. Default 0. */
  readonly variationStrength?: number;
  /** The initial noise, N(0, I), `[images, channels, height, width]` of the network, instead of a draw. */
  readonly latents?: Float32Array;
  /**
   * Layers of the text encoder to skip from the end, in diffusers' counting; for the positive prompt only,
   * as there.
   */
  readonly clipSkip?: number;
  /** Whether brackets weigh and long prompts are cut into rows, or every sign is text as in diffusers. */
  readonly syntax?: "weighted" | "plain";
  /** What SDXL is told about the picture, in pixels; `[height, width]` of the output by default. */
  readonly originalSize?: readonly [height: number, width: number];
  /** What SDXL is told about the crop; `[0, 0]` by default. */
  readonly cropTopLeft?: readonly [top: number, left: number];
  /** What SDXL is told about the crop's size; `[height, width]` of the output by default. */
  readonly targetSize?: readonly [height: number, width: number];
  /** Networks beside the model's own, for guidance that asks for them. */
  readonly networks?: Networks;
  /** Stops the run between two calls of a network; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a run shows after each call of the denoiser. */
export interface Preview extends Progress {
  /** The predicted clean samples, `shape` flat; valid until the next iteration. */
  readonly x0: Float32Array;
  /** The samples after the step; after the last one, the result. Valid until the next iteration. */
  readonly x: Float32Array;
  /** `[images, channels, height, width]` of `x0` and `x`, which are latents where there is a VAE. */
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
  /** The samples that the run began with, in its first preview: noise, or a noised picture. */
  readonly start?: Float32Array;
  /** The pictures that `x0`, or other samples, stand for; costs a run of the VAE where there is one. */
  decode(samples?: Float32Array): Promise<readonly Image[]>;
}

/** What a model is used with when nothing is said. */
export interface Defaults {
  /** Denoising steps. */
  readonly steps: number;
  /** Strength of classifier-free guidance. */
  readonly guidanceScale: number;
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/**
 * From an input to images. A run keeps its state to itself, so runs of one pipeline may overlap; they
 * share its networks.
 */
export interface Pipeline<Input> extends AsyncDisposable {
  /** What is used where options say nothing. */
  readonly defaults: Defaults;
  /**
   * Says what a run will do, without opening anything: `stream` and `generate` do just that.
   *
   * @throws {TypeError | RangeError} When an input or option is not usable.
   */
  plan(input: Input, options?: RunOptions): RunPlan;
  /**
   * Makes the images of a run.
   *
   * @throws {TypeError | RangeError} What `plan` throws, before any network runs.
   */
  generate(input: Input, options?: RunOptions): Promise<Images>;
  /**
   * Makes the same images and shows the way there. Ending the iteration early ends the run.
   *
   * @throws {TypeError | RangeError} What `plan` throws, before any network runs.
   */
  stream(input: Input, options?: RunOptions): AsyncGenerator<Preview, Images>;
}

/**
 * The result of a stream, whose previews are passed over.
 *
 * @param stream What `Pipeline.stream` returned.
 * @returns What the generator returns at its end.
 *
 * @example A generator with one preview
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { drain } from "@shum/pipelines";
 *
 * async function* stream(): AsyncGenerator<string, number> {
 *   yield await Promise.resolve("preview");
 *   return 42;
 * }
 * assertEquals(await drain(stream()), 42);
 * ```
 */
export async function drain<Result>(stream: AsyncGenerator<unknown, Result>): Promise<Result> {
  while (true) {
    const next = await stream.next();
    if (next.done) return next.value;
  }
}
