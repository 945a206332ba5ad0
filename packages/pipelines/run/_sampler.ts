/**
 * From a model's scheduler and options to what drives a run: a plan, or for Song et al.'s score models a
 * sampler that finds its steps as it goes.
 *
 * @module
 */
import {
  type NoiseLevel,
  samplerConfig,
  Scheduler,
  type SchedulerConfig,
  scoreSde,
  type ScoreSdeConfig,
} from "@shum/schedulers";
import { runNoise } from "./_noise.ts";
import type { ModelParts } from "../model_parts.ts";
import type { RunOptions } from "../pipeline.ts";
import type { Sampler } from "./sampler.ts";
import type { Begin } from "./task.ts";

/**
 * What drives a run.
 *
 * @param parts The model.
 * @param options What the caller said.
 * @param begin Where to begin.
 * @returns A sampler, ready to start.
 * @throws {TypeError | RangeError} When an option does not suit the scheduler.
 */
export function samplerFor(
  parts: Pick<ModelParts, "scheduler" | "defaults">,
  options: RunOptions,
  begin?: Begin,
): Sampler {
  const config = options.scheduler ?? parts.scheduler;
  return isScoreSde(config)
    ? scoreSampler(config, options, parts.defaults.steps, begin)
    : planSampler(config, options, parts.defaults.steps, begin);
}

/** How many steps a run has: `steps`, or the number of its timesteps or sigmas. */
function stepCount(options: RunOptions, steps: number): number {
  const count = options.timesteps?.length ?? options.sigmas?.length ?? options.steps ?? steps;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`Cannot plan run: steps is ${count}; expected a whole number from 1`);
  }
  return count;
}

function planSampler(
  own: SchedulerConfig,
  options: RunOptions,
  standard: number,
  begin: Begin | undefined,
): Sampler {
  const strength = begin && "strength" in begin ? begin.strength : 1;
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(
      `Cannot start from image: strength is ${strength}; expected a number above 0, at most 1`,
    );
  }
  const { timesteps, sigmas } = options;
  const steps = stepCount(options, standard);
  const scheduler = Scheduler.fromConfig(configFor(own, options));
  const inSchedule = begin && "strength" in begin && begin.inSchedule;
  scheduler.setTimesteps(timesteps || sigmas ? undefined : steps, {
    ...timesteps && { timesteps },
    ...sigmas && { sigmas },
    ...inSchedule && { strength },
  });
  if (strength < 1 && !inSchedule) beginLate(scheduler, strength, steps);
  if (begin && "near" in begin) beginNear(scheduler, begin.near);
  const { plan, initNoiseSigma, clip, config } = scheduler;
  return {
    config,
    plan,
    end: scheduler.noiseLevel(scheduler.timesteps.length),
    levels: plan.steps.map(({ level }) => level) as [NoiseLevel, ...NoiseLevel[]],
    calls: plan.steps.length,
    initNoiseSigma,
    oneByOne: false,
    start: (x, generators, seeds) => ({
      plan,
      x,
      noise: runNoise(plan, generators, seeds),
      clip,
    }),
  };
}

/** The configuration under the sampler and schedule that the options name. */
function configFor(
  own: SchedulerConfig,
  { sampler, schedule, eta }: RunOptions,
): SchedulerConfig {
  const config = sampler === undefined && schedule === undefined
    ? own
    : samplerConfig(sampler ?? own._class_name, schedule, own);
  if (eta !== undefined && !(eta >= 0 && eta <= 1)) {
    throw new RangeError(`Cannot plan run: eta is ${eta}; expected a number from 0 to 1`);
  }
  // diffusers' pipelines tell TCD an eta of 0 unless told otherwise, though its own default is 0.3.
  const plain = config._class_name === "TCDScheduler" ? 0 : undefined;
  const chosen = eta ?? config.eta ?? plain;
  return chosen === undefined ? config : { ...config, eta: chosen };
}

/** Begins late: of N steps, the last `strength N` are run. */
function beginLate(scheduler: Scheduler, strength: number, steps: number): void {
  const run = Math.trunc(steps * strength);
  if (run < 1) {
    throw new RangeError(
      `Cannot start from image: strength ${strength} of ${steps} steps leaves none; expected ` +
        `strength times steps to be at least 1`,
    );
  }
  // diffusers counts timesteps, of which PNDM visits one twice; two calls per step are always a step.
  if (scheduler.order === 1) scheduler.setBeginIndex(steps - run);
  else scheduler.setBeginStep(steps - run);
}

/** Begins at the last level that is at least as noisy as `sigma`; at the first if none is. */
function beginNear(scheduler: Scheduler, sigma: number): void {
  const noisy = scheduler.levels.slice(0, -1);
  const step = noisy.findLastIndex((level) => level.sigma / level.alpha >= sigma);
  if (step > 0) scheduler.setBeginStep(step);
}

function isScoreSde(config: { readonly _class_name: string }): config is ScoreSdeConfig {
  return /^ScoreSdeV[ep]Scheduler$/.test(config._class_name);
}

function scoreSampler(
  config: ScoreSdeConfig,
  options: RunOptions,
  standard: number,
  begin: Begin | undefined,
): Sampler {
  if (begin !== undefined) {
    throw new TypeError(
      `Cannot denoise picture: ${config._class_name} begins from noise alone; expected a model with ` +
        `another scheduler, such as DDPMScheduler`,
    );
  }
  for (const key of ["sampler", "schedule", "eta", "timesteps", "sigmas"] as const) {
    if (options[key] === undefined) continue;
    throw new TypeError(
      `Cannot change sampler: ${key} is given, but the model's is ${config._class_name}, with levels ` +
        `of its own; expected steps only`,
    );
  }
  const steps = stepCount(options, standard);
  const start: Sampler["start"] = (x, generators, seeds) => {
    const noise = runNoise({ steps: [], eps: "raw" }, generators, seeds);
    return { trajectory: scoreSde(config, x, { steps, noise }) };
  };
  const { level, total } = scoreSde(config, new Float32Array(1), { steps, noise: () => {} });
  return {
    config,
    levels: [level],
    calls: total,
    initNoiseSigma: config._class_name === "ScoreSdeVeScheduler" ? config.sigma_max ?? 1348 : 1,
    oneByOne: true,
    start,
  };
}
