/**
 * What a model of texts is made of.
 *
 * @module
 */
import type { Autoencoder, Denoiser, PromptEncoder } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import { Lazy } from "./lazy.ts";
import type { Defaults } from "./pipeline.ts";

/** What of a model decides how it is told about prompts. */
export interface TextFacts {
  /** Width of the embedding by which a distilled network is told the guidance scale. */
  readonly timeCondProjDim?: number | undefined;
  /** Whether the network is told an aesthetic score (SDXL's refiner). */
  readonly aesthetics?: boolean | undefined;
}

/** A text-conditional latent diffusion model: Stable Diffusion 1, 2, XL, Turbo, LCM. */
export interface TextParts extends TextFacts {
  /** The model's `scheduler_config.json`. */
  readonly scheduler: SchedulerConfig;
  /** Tokenizers and text encoders. */
  readonly promptEncoder: Lazy<PromptEncoder>;
  /** The network. */
  readonly denoiser: Lazy<Denoiser>;
  /** From latents to pixels. */
  readonly decoder: Lazy<Autoencoder>;
  /** From pixels to latents, where the model can. */
  readonly encoder?: Lazy<Autoencoder> | undefined;
  /** Channels of the latents. */
  readonly channels: number;
  /** Channels that the network reads: those of the latents, or an inpainting network's 9. */
  readonly inChannels: number;
  /** Pixels per latent cell. */
  readonly scaleFactor: number;
  /**
   * What width and height must be a multiple of, in pixels: a U-Net that halves its input three times
   * needs latents that are multiples of 8. Default: `scaleFactor`.
   */
  readonly sizeMultiple?: number | undefined;
  /** What an upscaler noises the small picture by, and how much at most. */
  readonly lowRes?:
    | { readonly scheduler: SchedulerConfig; readonly maxNoiseLevel: number }
    | undefined;
  /** Whether the model's distilled schedule takes the strength (LCM), rather than its steps. */
  readonly strengthInSchedule?: boolean | undefined;
  /** What is used where options say nothing. */
  readonly defaults: Defaults;
}
