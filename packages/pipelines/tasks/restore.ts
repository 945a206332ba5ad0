/**
 * Pictures repaired: coloured, enlarged, completed, denoised.
 *
 * @module
 */
import {
  compile,
  ddnm,
  type DdnmOptions,
  ddnmStrengths,
  samplerConfig,
  Scheduler,
  trainedProcess,
} from "@shum/schedulers";
import { sizeFrom } from "../run/_encode_image.ts";
import { fromNoise, makeGenerator, runNoise } from "../run/_noise.ts";
import { checkReads, fromPixels, toPixels } from "../run/_pixels.ts";
import { samplerFor } from "../run/_sampler.ts";
import type { Shape } from "../run/_shape.ts";
import { optionalTextTask } from "../run/_text_task.ts";
import { type Image, type Picture, toImage, toTensor } from "../pictures/image.ts";
import type { Measurement } from "../pictures/measurement.ts";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import type { Sampler } from "../run/sampler.ts";
import type { Batch, Start, Task } from "../run/task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

/** What to repair, and how. */
export interface RestoreInput extends Partial<TextInput> {
  /** What is left of the picture: grey, small, with a hole, noisy. */
  readonly image: Picture;
  /** How it came to be so. */
  readonly measurement: Measurement;
  /** The deviation of its noise, in parts of the range from black to white; 0 by default. */
  readonly noise?: number | undefined;
  /** Time travel, for large holes; see `ddnm` of `@shum/schedulers`. */
  readonly travel?: DdnmOptions["travel"] | undefined;
}

/** Denoising steps, where nothing is said. */
const STEPS = 30;

/**
 * Repairs pictures with a model that was never trained to: DDNM, Wang et al. (2022),
 * https://arxiv.org/abs/2212.00490. After every model call the predicted picture keeps what is free and
 * takes the rest from what is given, `x0 + A⁺·(y - A·x0)`. In a latent model that is done in pixels,
 * between a decoding and an encoding, and once more at the end.
 *
 * The prompt may be left out. `eta` is the share of fresh noise, 0.85 by default; there is no choice of a
 * `sampler`. Draws of each image: the initial noise, then per step the fresh noise.
 *
 * @example A picture that cannot have been made so
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { blockMeasurement, Lazy, Restore } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new Restore({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const image = { width: 8, height: 8, data: new Uint8Array(192) };
 * const run = pipeline.generate({ image, measurement: blockMeasurement(4), noise: -1 });
 * await assertRejects(() => run, RangeError, "noise is -1");
 * ```
 */
export class Restore extends ModelPipeline<RestoreInput, ModelParts | TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "restore" as const;

  /** Corrects every predicted picture; the size is that of the image, enlarged as the measurement says. */
  protected override task(input: RestoreInput, options: RunOptions): Task {
    const { parts } = this;
    const { image, measurement, noise = 0 } = input;
    check(input, options);
    checkReads(parts);
    const { factor } = measurement;
    const repair = repairOf(parts, input, options);
    const agree = (made: Image) => {
      const pixels = toTensor(made);
      correct(pixels, measurement.read(image, made.width, made.height), 1, input, made);
      const shape = [1, 3, made.height, made.width] as const;
      return toImage({ data: pixels, shape }, 0, made.seed);
    };
    return {
      ...optionalTextTask(parts, input, options),
      ...!parts.fixedSize && {
        size: factor === 1
          ? sizeFrom(image, parts)
          : { width: image.width * factor, height: image.height * factor },
      },
      sampler: repair.sampler,
      oneByOne: true,
      start: (batch) => start(parts, input, options, repair, batch),
      ...noise === 0 && { finish: (images) => images.map(agree) },
    };
  }
}

function check({ noise = 0 }: RestoreInput, { sampler }: RunOptions): void {
  if (!(noise >= 0 && noise < 10)) {
    throw new RangeError(
      `Cannot repair picture: its noise is ${noise}; expected a share of the range from black to ` +
        `white, such as 0.1`,
    );
  }
  if (sampler === undefined) return;
  throw new TypeError(
    `Cannot repair picture: sampler is "${sampler}"; expected none, since DDNM is one`,
  );
}

/** DDNM's run, and its plan and corrections for a noise of the samples. */
interface Repair {
  readonly sampler: Sampler;
  plan(noise: number): {
    readonly plan: NonNullable<Sampler["plan"]>;
    readonly strengths: readonly number[];
  };
}

/** Plans as if the samples were as noisy as the pixels: of latents it shows when one looks. */
function repairOf(
  parts: ModelParts,
  { noise = 0, travel }: RestoreInput,
  { eta = 0.85, scheduler: own = parts.scheduler, schedule, sampler: _, ...options }: RunOptions,
): Repair {
  const { schedule: trained, prediction } = trainedProcess(own);
  const ddim = { ...samplerConfig("ddim", schedule, own), timestep_spacing: "trailing" };
  const timed = samplerFor(
    { scheduler: ddim, defaults: { ...parts.defaults, steps: STEPS } },
    options,
  );
  const levels = [...timed.levels, CLEAN_LEVEL];
  const plan: Repair["plan"] = (noise) => {
    const settings: DdnmOptions = { eta, noise, ...travel && { travel } };
    return {
      plan: compile(ddnm(settings), prediction, trained, levels, { eps: "raw" }),
      strengths: ddnmStrengths(levels, settings),
    };
  };
  const planned = plan(2 * noise).plan;
  return {
    plan,
    sampler: {
      ...timed,
      plan: planned,
      end: CLEAN_LEVEL,
      levels: planned.steps.map(({ level }) => level) as [
        typeof CLEAN_LEVEL,
        ...typeof CLEAN_LEVEL[],
      ],
      calls: planned.steps.length,
      start: (x, generators, seeds) => ({
        plan: planned,
        x,
        noise: runNoise(planned, generators, seeds),
      }),
    },
  };
}

/** Begins from noise, and holds every predicted picture to what is given. */
async function start(
  parts: ModelParts,
  input: RestoreInput,
  { scheduler = parts.scheduler, signal }: RunOptions,
  repair: Repair,
  batch: Batch,
): Promise<Start> {
  const { shape } = batch;
  const [, , rows, columns] = shape;
  const size = { width: columns * parts.vaeScaleFactor, height: rows * parts.vaeScaleFactor };
  const given = input.measurement.read(input.image, size.width, size.height);
  const deviation = await noiseOfSamples(parts, given, size, 2 * (input.noise ?? 0), signal);
  const { plan, strengths } = repair.plan(deviation);
  const { clip } = Scheduler.fromConfig(scheduler); // the model's own: for pixels, not for latents
  return {
    x: fromNoise(batch.noise(), batch),
    plan,
    correct: async (x0, { index }) => {
      clip?.(x0, 1);
      const pixels = await toPixels(parts, x0, shape, signal);
      correct(pixels.data, given, strengths[index]!, input, size);
      x0.set(await fromPixels(parts, pixels, { signal }));
    },
  };
}

/** `x + strength·A⁺(y - A·x)`, in place. */
function correct(
  pixels: Float32Array,
  given: Float32Array,
  strength: number,
  { measurement }: RestoreInput,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const seen = measurement.seen(pixels, width, height);
  for (let i = 0; i < pixels.length; i++) pixels[i]! += strength * (given[i]! - seen[i]!);
}

const CLEAN_LEVEL = { t: -1, alpha: 1, sigma: 0 };

/** How far noise in the pixels moves a sample: measured, for an encoder stretches it in its own way. */
async function noiseOfSamples(
  parts: ModelParts,
  given: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  deviation: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (deviation === 0 || !parts.decoder) return deviation;
  const shape: Shape = [1, 3, height, width];
  const noise = new Float32Array(given.length);
  makeGenerator("torch", 0).fill(noise);
  const noisy = given.map((value, i) => value + deviation * noise[i]!);
  const moved = await fromPixels(parts, { data: noisy, shape }, { signal });
  const still = await fromPixels(parts, { data: given, shape }, { signal });
  let square = 0;
  for (let i = 0; i < moved.length; i++) square += (moved[i]! - still[i]!) ** 2;
  return Math.sqrt(square / moved.length);
}
