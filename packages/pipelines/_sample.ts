/**
 * What all pipelines share: from options to a scheduler, from noise to images.
 *
 * @module
 */
import { type Branch, classifierFree, type Guidance, none, rescale } from "@shum/guidance";
import {
  type Gaussian,
  type Plan,
  samplerConfig,
  Scheduler,
  type SchedulerConfig,
} from "@shum/schedulers";
import { runNoise } from "./_noise.ts";
import { predictor, type PredictorOptions } from "./_predictor.ts";
import { denoise, type DenoiseSettings, type DenoiseStep } from "./denoise.ts";
import type { Image } from "./image.ts";
import type { Preview, RunOptions } from "./pipeline.ts";

/** `[images, channels, height, width]`. */
export type Shape = readonly [batch: number, channels: number, height: number, width: number];

/**
 * How many steps a run has.
 *
 * @param options What the caller said.
 * @param steps Steps when the caller said nothing.
 * @returns `steps` of the options, or the number of its timesteps or sigmas.
 * @throws {RangeError} When that is less than 1 or not whole.
 */
export function stepCount(options: RunOptions, steps: number): number {
  const count = options.timesteps?.length ?? options.sigmas?.length ?? options.steps ?? steps;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot plan run: steps is ${count}; expected a whole number from 1`);
  }
  return count;
}

/**
 * The scheduler of a run: the model's configuration, or the one given, under the sampler and schedule
 * that the options name, with its timesteps set.
 *
 * @param model The model's own configuration.
 * @param options What the caller said.
 * @param steps Steps when the caller said nothing.
 * @param settings What image-to-image adds for schedulers that take a strength themselves.
 * @returns A scheduler, ready to run from the beginning.
 * @throws {RangeError} When steps are fewer than 1 or not whole, or a name is unknown.
 */
export function schedulerFor(
  model: SchedulerConfig,
  options: RunOptions,
  steps: number,
  settings: { readonly strength?: number } = {},
): Scheduler {
  const { sampler, schedule, eta, timesteps, sigmas } = options;
  const count = stepCount(options, steps);
  let config = options.scheduler ?? model;
  if (sampler !== undefined || schedule !== undefined) {
    config = samplerConfig(sampler ?? config._class_name, schedule, config);
  }
  if (eta !== undefined && !(eta >= 0 && eta <= 1)) {
    throw new RangeError(`Cannot plan run: eta is ${eta}; expected a number from 0 to 1`);
  }
  // diffusers' pipelines tell TCD an eta of 0 unless told otherwise, though its own default is 0.3.
  const plain = config._class_name === "TCDScheduler" ? 0 : undefined;
  const chosen = eta ?? config.eta ?? plain;
  if (chosen !== undefined) config = { ...config, eta: chosen };
  const scheduler = Scheduler.fromConfig(config);
  scheduler.setTimesteps(timesteps || sigmas ? undefined : count, {
    ...timesteps && { timesteps },
    ...sigmas && { sigmas },
    ...settings,
  });
  return scheduler;
}

/**
 * The guidance that options ask for.
 *
 * @param options What the caller said.
 * @param scale The scale when the caller said nothing.
 * @returns `options.guidance`, or classifier-free guidance above scale 1, rescaled if asked.
 */
export function guidanceFor(options: RunOptions, scale: number): Guidance {
  if (options.guidance) return options.guidance;
  const { guidanceScale = scale, guidanceRescale: phi = 0 } = options;
  if (!Number.isFinite(guidanceScale)) {
    throw new RangeError(`Cannot guide: guidanceScale is ${guidanceScale}; expected a number`);
  }
  if (!(phi >= 0 && phi <= 1)) {
    throw new RangeError(`Cannot guide: guidanceRescale is ${phi}; expected a number from 0 to 1`);
  }
  if (guidanceScale <= 1) return none();
  const guidance = classifierFree({ scale: guidanceScale });
  return phi > 0 ? rescale(guidance, { phi }) : guidance;
}

/**
 * Every branch that a guidance will ask for in the course of a plan.
 *
 * @param guidance The guidance.
 * @param plan The plan.
 * @returns The branches, each once.
 */
export function branchesOf(guidance: Guidance, plan: Plan): readonly Branch[] {
  const total = plan.steps.length;
  const branches = plan.steps.map(({ level }, index) => guidance.branches({ index, total, level }));
  return [...new Set(branches.flat())];
}

/** What {@linkcode sample} needs. */
export interface SampleOptions extends PredictorOptions {
  /** With its timesteps and begin index set. */
  readonly scheduler: Scheduler;
  /** The samples at the level where the scheduler begins. */
  readonly x: Float32Array;
  /** One generator per image, which the sampler's own noise continues. */
  readonly generators: readonly Gaussian[];
  /** One seed per image. */
  readonly seeds: readonly number[];
  /** How predictions are combined. */
  readonly guidance: Guidance;
  /** See `DenoiseSettings`. */
  readonly afterStep?: DenoiseSettings["afterStep"];
  /** From samples to pictures. */
  readonly decode: (x: Float32Array, shape: Shape) => Promise<readonly Image[]>;
}

/**
 * Runs a scheduler's plan with a network.
 *
 * @param options Scheduler, samples, network, conditions.
 * @returns A generator of previews, which returns the final samples.
 * @throws {TypeError} When the guidance asks for a branch that has no condition.
 */
export async function* sample(options: SampleOptions): AsyncGenerator<Preview, Float32Array> {
  const { scheduler, shape, decode, signal, generators, seeds, guidance } = options;
  const { plan } = scheduler;
  const steps = denoise({
    plan,
    x: options.x,
    batch: shape[0],
    noise: runNoise(plan, generators, seeds),
    clip: scheduler.clip,
    guidance,
    predict: predictor(options, branchesOf(guidance, plan)),
    gradient: options.networks?.classifier,
    afterStep: options.afterStep,
    signal,
  });
  return yield* withPreviews(steps, shape, decode);
}

/**
 * The loop's steps, as the caller sees them.
 *
 * @param steps From `denoise`.
 * @param shape Shape of the samples.
 * @param decode From samples to pictures.
 * @returns A generator of previews, which returns the final samples.
 */
export async function* withPreviews(
  steps: AsyncGenerator<DenoiseStep, Float32Array>,
  shape: Shape,
  decode: SampleOptions["decode"],
): AsyncGenerator<Preview, Float32Array> {
  try {
    while (true) {
      const next = await steps.next();
      if (next.done) return next.value;
      yield previewOf(next.value, shape, decode);
    }
  } finally {
    await steps.return(new Float32Array());
  }
}

/** A step, as the caller sees it; x0 is worked out only if it is looked at. */
function previewOf(step: DenoiseStep, shape: Shape, decode: SampleOptions["decode"]): Preview {
  const { index, total, level, x } = step;
  return {
    index,
    total,
    level,
    x,
    shape,
    get x0() {
      return step.x0;
    },
    decode: () => decode(Float32Array.from(step.x0), shape),
  };
}
