/**
 * What a model of texts is made of.
 *
 * @module
 */
import type { Autoencoder, PromptEncoder } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
import type { Lazy } from "./lazy.ts";
import type { ModelParts } from "./model_parts.ts";

/** What of a model decides how it is told about prompts. */
export interface TextFacts {
  /** Width of the embedding by which a distilled network is told the guidance scale. */
  readonly timeCondProjDim?: number | undefined;
  /** Whether the network is told an aesthetic score (SDXL's refiner). */
  readonly aesthetics?: boolean | undefined;
}

/** A text-conditional latent diffusion model: Stable Diffusion 1, 2, XL, Turbo, LCM. */
export interface TextParts extends ModelParts, TextFacts {
  /** Tokenizers and text encoders. */
  readonly promptEncoder: Lazy<PromptEncoder>;
  /** From pixels to latents, where the model can. */
  readonly encoder?: Lazy<Autoencoder> | undefined;
  /** Channels that the network reads: those of the latents, or an inpainting network's 9. */
  readonly inChannels: number;
  /** What an upscaler noises the small picture by, and how much at most. */
  readonly lowRes?:
    | { readonly scheduler: SchedulerConfig; readonly maxNoiseLevel: number }
    | undefined;
  /** Whether the model's distilled schedule takes the strength (LCM), rather than its steps. */
  readonly strengthInSchedule?: boolean | undefined;
}
