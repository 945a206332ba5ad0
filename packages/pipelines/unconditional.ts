/**
 * Images without any input.
 *
 * @module
 */
import type { Autoencoder, Denoiser } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import { runPixels } from "./_pixel_run.ts";
import { Colorize } from "./colorize.ts";
import { DenoiseImage } from "./denoise_image.ts";
import type { Image } from "./image.ts";
import type { Lazy } from "./lazy.ts";
import type { Defaults, Preview, RunOptions } from "./pipeline.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import { type OpenModel, openPixelModel } from "./open_model.ts";
import { PixelInpaint } from "./pixel_inpaint.ts";
import { Restore } from "./restore.ts";

/** What an unconditional or class-conditional pipeline is made of. */
export interface PixelParts {
  /** The model's `scheduler_config.json`. */
  readonly scheduler: SchedulerConfig;
  /** The network. */
  readonly denoiser: Lazy<Denoiser>;
  /** From latents to pixels, where the network works on latents. */
  readonly autoencoder?: Lazy<Autoencoder>;
  /** The values of black and of white, for models of pixels. Default: -1 and 1. */
  readonly range?: readonly [black: number, white: number];
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
export class Unconditional extends ModelPipeline<Record<never, never>, PixelParts> {
  /** Tells this pipeline from others. */
  readonly kind = "unconditional" as const;
  /** The noise of a picture taken away, by the same network. */
  readonly denoiseImage: DenoiseImage;
  /** Colours for a grey picture, by the same network. */
  readonly colorize: Colorize;
  /** A part of a picture made anew, by the same network. */
  readonly inpaint: PixelInpaint;

  /** Pictures coloured, enlarged, completed or denoised by DDNM, by the same network. */
  readonly restore: Restore;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: PixelParts) {
    super(parts);
    this.denoiseImage = new DenoiseImage(parts);
    this.colorize = new Colorize(parts);
    this.inpaint = new PixelInpaint(parts);
    this.restore = new Restore(parts);
  }

  /** The model as functions, for `pictureLikelihood`, `pictureBound` and samplers of one's own. */
  open(options?: Parameters<typeof openPixelModel>[1]): Promise<OpenModel> {
    return openPixelModel(this.parts, options);
  }

  /** See `Pipeline.generate`. */
  override generate(
    input: Record<never, never> = {},
    options: RunOptions = {},
  ): Promise<readonly Image[]> {
    return super.generate(input, options);
  }

  /** See `Pipeline.stream`. */
  stream(
    _input: Record<never, never> = {},
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    return runPixels(this.parts, options, { positive: { inputs: {} } });
  }
}
