/**
 * Pictures enlarged by a model.
 *
 * @module
 */
import type { Tensor } from "@shum/models";
import { type NoiseLevel, Scheduler, type SchedulerConfig } from "@shum/schedulers";
import { initialNoise } from "./_noise.ts";
import { repeatPicture } from "./_pixel_run.ts";
import { planTextRun, runText } from "./_text_run.ts";
import { channelsOf, type Image, type Picture } from "./image.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import type { TextInput } from "./text_input.ts";
import type { TextParts } from "./text_parts.ts";

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
 *   scaleFactor: 8,
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
   * Checks a run without its picture: what can be wrong with it is found out before the picture is made.
   *
   * @param input The prompts and the noise level.
   * @param options What the run is told.
   * @throws {TypeError | RangeError} What `stream` would throw, but for the picture.
   */
  check(input: Omit<SuperResolutionInput, "image">, options: RunOptions = {}): void {
    this.#level(input);
    planTextRun(this.parts, input, options);
  }

  #level({ noiseLevel = 20 }: Omit<SuperResolutionInput, "image">) {
    const { lowRes, channels, inChannels } = this.parts;
    if (!lowRes || inChannels !== channels + 3) {
      throw new TypeError(
        `Cannot enlarge picture: the model has no low_res_scheduler and reads ${inChannels} channels; ` +
          `expected an upscaler, which reads ${channels + 3}`,
      );
    }
    return { noiseLevel, level: levelOf(lowRes.scheduler, noiseLevel, lowRes.maxNoiseLevel) };
  }

  /** See `Pipeline.stream`; width and height of the options are those of the output. */
  async *stream(
    input: SuperResolutionInput,
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    const parts = this.parts;
    const { level, noiseLevel } = this.#level(input);
    const sized = enlarged(input.image, options, parts);
    const run = planTextRun(parts, input, sized);
    return yield* runText(parts, input, sized, run, () => {
      const { shape, generators, seeds, scheduler } = run;
      const [batch, , height, width] = shape;
      const small = repeatPicture(input.image, shape);
      const z = new Float32Array(small.length / batch);
      generators.forEach((generator, b) => {
        generator.fill(z);
        const at = b * z.length;
        for (let i = 0; i < z.length; i++) {
          small[at + i] = level.alpha * small[at + i]! + level.sigma * z[i]!;
        }
      });
      const x = initialNoise(shape, generators, options, seeds);
      for (let i = 0; i < x.length; i++) x[i]! *= scheduler.initNoiseSigma;
      const concat: Tensor = { data: small, shape: [batch, 3, height, width] };
      const class_labels: Tensor = { data: Int32Array.of(noiseLevel), shape: [1] };
      return { x, concat, inputs: { class_labels } };
    });
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
  image: Picture,
  options: RunOptions,
  { scaleFactor: scale, sizeMultiple: multiple = scale }: TextParts,
): RunOptions {
  channelsOf(image);
  const fit = (value: number) => Math.max(multiple, scale * value - (scale * value) % multiple);
  return { width: fit(image.width), height: fit(image.height), ...options };
}
