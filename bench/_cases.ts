// What the scheduler benches measure: one entry per sampler, by diffusers' class and settings.
import {
  brownianNoise,
  gaussianNoise,
  type Noise,
  parseSlot,
  type Plan,
  Scheduler,
  type SchedulerConfig,
  slotOf,
  torchRandom,
} from "@shum/schedulers";

export interface Case {
  readonly name: string;
  readonly config: SchedulerConfig;
}

const betas = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" } as const;
const of = (_class_name: string, settings: object = {}): SchedulerConfig =>
  ({ _class_name, ...settings }) as SchedulerConfig;

/** Settings are those of latent models: no clipping. */
export const cases: readonly Case[] = [
  { name: "DDPM", config: of("DDPMScheduler", { ...betas, clip_sample: false }) },
  { name: "DDIM", config: of("DDIMScheduler", { ...betas, clip_sample: false }) },
  { name: "Euler", config: of("EulerDiscreteScheduler", betas) },
  { name: "Euler a", config: of("EulerAncestralDiscreteScheduler", betas) },
  { name: "Heun", config: of("HeunDiscreteScheduler", betas) },
  { name: "DPM2", config: of("KDPM2DiscreteScheduler", betas) },
  { name: "DPM2 a", config: of("KDPM2AncestralDiscreteScheduler", betas) },
  { name: "LMS", config: of("LMSDiscreteScheduler", betas) },
  { name: "PNDM", config: of("PNDMScheduler", { ...betas, skip_prk_steps: true }) },
  { name: "iPNDM", config: of("IPNDMScheduler") },
  { name: "DPM++ 2M", config: of("DPMSolverMultistepScheduler", betas) },
  { name: "DPM++ 3M", config: of("DPMSolverMultistepScheduler", { ...betas, solver_order: 3 }) },
  {
    name: "DPM++ 2M SDE",
    config: of("DPMSolverMultistepScheduler", { ...betas, algorithm_type: "sde-dpmsolver++" }),
  },
  { name: "DPM++ 2S", config: of("DPMSolverSinglestepScheduler", betas) },
  { name: "DPM++ SDE", config: of("DPMSolverSDEScheduler", betas) },
  { name: "DEIS", config: of("DEISMultistepScheduler", betas) },
  { name: "UniPC", config: of("UniPCMultistepScheduler", betas) },
  { name: "UniPC 3", config: of("UniPCMultistepScheduler", { ...betas, solver_order: 3 }) },
  { name: "SA-Solver", config: of("SASolverScheduler", betas) },
  { name: "LCM", config: of("LCMScheduler") },
  { name: "TCD", config: of("TCDScheduler") },
  { name: "Consistency", config: of("CMStochasticIterativeScheduler") },
  { name: "EDM Euler", config: of("EDMEulerScheduler") },
  { name: "EDM DPM++ 2M", config: of("EDMDPMSolverMultistepScheduler") },
  { name: "Flow Euler", config: of("FlowMatchEulerDiscreteScheduler") },
  { name: "Flow Heun", config: of("FlowMatchHeunDiscreteScheduler") },
  { name: "unCLIP", config: of("UnCLIPScheduler") },
];

export const shapes = {
  "4x64x64": 4 * 64 * 64,
  "4x128x128": 4 * 128 * 128,
  "16x128x128": 16 * 128 * 128,
  "3x1024x1024": 3 * 1024 * 1024,
} as const;

export const STEPS = 20;

/** The scheduler of a case, ready to run. */
export function prepare({ config }: Case, steps: number = STEPS): Scheduler {
  const scheduler = Scheduler.fromConfig(config);
  const most = scheduler.plan.steps.length; // before timesteps are set: all of training
  scheduler.setTimesteps(Math.min(steps, most));
  return scheduler;
}

/** The noise that the sampler is meant for, or none, to time the arithmetic alone. */
export function noiseOf({ name }: Case, drawn: boolean): Noise {
  if (!drawn) return () => {};
  return name === "DPM++ SDE" ? brownianNoise(0) : gaussianNoise(torchRandom(0));
}

export function normals(length: number, seed: number): Float32Array {
  const out = new Float32Array(length);
  torchRandom(seed).fill(out);
  return out;
}

/**
 * The vectors that a step has to move, averaged over the plan: each one that it reads (sample, output,
 * history, noise) or writes (next sample, history that a later step reads), once.
 */
export function vectorsPerStep({ steps }: Plan): number {
  let count = 0;
  steps.forEach((step, i) => {
    const past = Object.keys(step.x.terms).filter((slot) => parseSlot(slot).age > 0).length;
    const stored = (["x0", "eps"] as const).filter((vector) =>
      steps.slice(i + 1).some((later, k) =>
        slotOf(vector, k + 1) in later.x.terms
      )
    ).length;
    count += 3 + past + stored + (step.x.noise === undefined ? 0 : 1);
  });
  return count / steps.length;
}

/** The least time of one call in nanoseconds, over at least `budget` milliseconds. */
export function best(call: () => void, budget: number): number {
  let least = Infinity;
  const end = performance.now() + budget;
  for (let round = 0; round < 5 || performance.now() < end; round++) {
    const start = performance.now();
    call();
    least = Math.min(least, performance.now() - start);
  }
  return least * 1e6;
}

/**
 * Nanoseconds of one step once a run is under way: the mean over its second half of each step's best in
 * many runs. The first steps also wait for the system to hand out the memory of the run.
 *
 * The model's output lies in `runner.output`, where guidance writes it, or else in an array of its own.
 */
export function stepTime(
  scheduler: Scheduler,
  noise: Noise,
  size: number,
  budget: number,
  elsewhere: boolean = false,
): number {
  const x = normals(size, 1), given = normals(size, 2);
  const total = scheduler.plan.steps.length, half = Math.floor(total / 2);
  const least = new Float64Array(total).fill(Infinity);
  const end = performance.now() + budget;
  for (let round = 0; round < 5 || performance.now() < end; round++) {
    const run = scheduler.runner(x, noise);
    run.output.set(given);
    const output = elsewhere ? given : run.output;
    while (!run.done) {
      const { index } = run, start = performance.now();
      run.step(output);
      least[index] = Math.min(least[index]!, performance.now() - start);
    }
  }
  return least.subarray(half).reduce((sum, time) => sum + time) * 1e6 / (total - half);
}
