/**
 * What a model is made of.
 *
 * @module
 */
import type { Autoencoder, Denoiser } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import type { Lazy } from "./lazy.ts";
import type { Defaults } from "./pipeline.ts";

/** What every pipeline is made of. Every `Lazy` of it is closed with the pipeline. */
export interface ModelParts {
  /** The model's `scheduler_config.json`. */
  readonly scheduler: SchedulerConfig;
  /** The network. */
  readonly denoiser: Lazy<Denoiser>;
  /** From latents to pixels, where the network works on latents. */
  readonly decoder?: Lazy<Autoencoder> | undefined;
  /** The values of black and of white, for models of pixels. Default: -1 and 1. */
  readonly range?: readonly [black: number, white: number] | undefined;
  /** Channels of a sample. */
  readonly channels: number;
  /** Pixels per cell of a sample: 1 without a VAE. */
  readonly vaeScaleFactor: number;
  /**
   * What width and height must be a multiple of, in pixels: a U-Net that halves its input three times
   * needs samples that are multiples of 8. Default: `vaeScaleFactor`.
   */
  readonly sizeMultiple?: number | undefined;
  /** Whether only the default size works, as for transformers with learned positions. */
  readonly fixedSize?: boolean | undefined;
  /** What is used where options say nothing. */
  readonly defaults: Defaults;
}
