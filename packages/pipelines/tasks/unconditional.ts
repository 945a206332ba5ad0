/**
 * Images without any input.
 *
 * @module
 */
import { Colorize } from "./colorize.ts";
import { DenoiseImage } from "./denoise_image.ts";
import type { Images } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import { PixelInpaint } from "./pixel_inpaint.ts";
import type { RunPlan } from "../run/run_plan.ts";
import type { Task } from "../run/task.ts";
import { type OpenModel, openModel, type OpenOptions } from "../bayes/open_model.ts";
import { Restore } from "./restore.ts";
import { ScoreBased } from "./score_based.ts";

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
 *   vaeScaleFactor: 1,
 *   defaults: { steps: 1000, guidanceScale: 1, width: 32, height: 32 },
 * });
 * await assertRejects(() => pipeline.generate({}, { steps: 0 }), RangeError, "steps is 0");
 * ```
 */
export class Unconditional extends ModelPipeline<Record<never, never>, ModelParts> {
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
  /** Images by the score, by the same network. */
  readonly scoreBased: ScoreBased;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: ModelParts) {
    super(parts);
    this.denoiseImage = new DenoiseImage(parts);
    this.colorize = new Colorize(parts);
    this.inpaint = new PixelInpaint(parts);
    this.restore = new Restore(parts);
    this.scoreBased = new ScoreBased(parts);
  }

  /** The model as functions, for `pictureLikelihood`, `pictureBound` and samplers of one's own. */
  open(options?: OpenOptions): Promise<OpenModel> {
    return openModel(this.parts, {}, options);
  }

  /** See `Pipeline.plan`. */
  override plan(input: Record<never, never> = {}, options: RunOptions = {}): RunPlan {
    return super.plan(input, options);
  }

  /** See `Pipeline.generate`. */
  override generate(
    input: Record<never, never> = {},
    options: RunOptions = {},
  ): Promise<Images> {
    return super.generate(input, options);
  }

  /** Noise to begin from, and nothing to tell. */
  protected override task(): Task {
    return {};
  }
}
