/**
 * Pictures enlarged by a model.
 *
 * @module
 */
import type { Tensor } from "@shum/models";
import { type NoiseLevel, Scheduler, type SchedulerConfig } from "@shum/schedulers";
import { repeatPicture } from "../run/_encode_image.ts";
import { addNoise, fromNoise } from "../run/_noise.ts";
import { textTask } from "../run/_text_task.ts";
import { channelsOf, type Picture, type Size } from "../pictures/image.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import type { RunPlan } from "../run/run_plan.ts";
import type { Task } from "../run/task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

/** What to enlarge. */
export interface SuperResolutionInput extends TextInput {
  /** The small picture; cut down to a size that the model can work on. */
  readonly image: Picture;
  /**
   * How much noise the small picture is given, as a training timestep: more lets the model invent more.
   * Default 20.
   */
  readonly noiseLevel?: number | undefined;
}

/** What the plan of an enlargement depends on. */
export interface EnlargementPlan extends Omit<SuperResolutionInput, "image"> {
  /** The small picture, or its size. */
  readonly image: Size;
}

/**
 * Enlargement by a latent diffusion model that sees the small picture beside its latents, noised by a
 * level that it is told (Ho et al. 2022, https://arxiv.org/abs/2106.15282, section 4.2): Stable
 * Diffusion's x4 upscaler. The output is as many times larger as the VAE's cells: four.
 *
 * Draws of each image: the noise of the small picture, the initial noise, the sampler's noise.
 *
 * @example A model that does not enlarge
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, SuperResolution } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new SuperResolution({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const image = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
 * await assertRejects(() => pipeline.generate({ prompt: "", image }), TypeError, "low_res_scheduler");
 * ```
 */
export class SuperResolution extends ModelPipeline<SuperResolutionInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "super-resolution" as const;

  /**
   * See `Pipeline.plan`; the picture's size is enough, so that a run can be planned before the picture is
   * made.
   *
   * @param input The prompts, the noise level, and the picture or its size.
   * @param options What the run is told.
   * @returns What the run will do.
   * @throws {TypeError | RangeError} What `stream` would throw.
   */
  override plan(input: EnlargementPlan, options: RunOptions = {}): RunPlan {
    return super.plan(input as SuperResolutionInput, options);
  }

  /** Shows the network the noised picture; width and height of the options are the output's. */
  protected override task(input: SuperResolutionInput, options: RunOptions): Task {
    const { parts } = this;
    const { image, noiseLevel = 20 } = input;
    const { lowRes, channels, inChannels } = parts;
    if (!lowRes || inChannels !== channels + 3) {
      throw new TypeError(
        `Cannot enlarge picture: the model has no low_res_scheduler and reads ${inChannels} channels; ` +
          `expected an upscaler, which reads ${channels + 3}`,
      );
    }
    const level = levelOf(lowRes.scheduler, noiseLevel, lowRes.maxNoiseLevel);
    return {
      ...textTask(parts, input, options),
      size: enlarged(image, parts),
      start: (batch) => {
        const { shape: [images, , height, width], generators } = batch;
        const small = repeatPicture(image, batch.shape);
        const z = new Float32Array(small.length);
        const size = z.length / images;
        generators.forEach((own, b) => own.fill(z.subarray(b * size, (b + 1) * size)));
        const concat: Tensor = {
          data: addNoise(small, z, level),
          shape: [images, 3, height, width],
        };
        const class_labels: Tensor = { data: Int32Array.of(noiseLevel), shape: [1] };
        return { x: fromNoise(batch.noise(), batch), concat, inputs: { class_labels } };
      },
    };
  }
}

function levelOf(config: SchedulerConfig, t: number, most: number): NoiseLevel {
  if (!Number.isInteger(t) || t < 0 || t > most) {
    throw new RangeError(
      `Cannot enlarge picture: noiseLevel is ${t}; expected a whole number from 0 to ${most}`,
    );
  }
  const scheduler = Scheduler.fromConfig(config); // before its timesteps are set, it visits them all
  return scheduler.noiseLevel(scheduler.timesteps.indexOf(t));
}

/** The output's size: the picture's, cut to what the model can work on, times the scale. */
function enlarged(
  image: Size | Picture,
  { vaeScaleFactor: scale, sizeMultiple: multiple = scale }: TextParts,
): Size {
  if ("data" in image) channelsOf(image); // throws on a malformed picture
  const fit = (value: number) => Math.max(multiple, scale * value - (scale * value) % multiple);
  return { width: fit(image.width), height: fit(image.height) };
}
