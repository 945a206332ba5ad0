/** The rows whose sampler is no plan, or whose loop is not `dummyModel`'s: one driver per class. */
import {
  adaptive,
  betas,
  discreteSchedule,
  epsilon,
  gaussianNoise,
  predictorCorrector,
  repaint,
  reverseDiffusion,
  Scheduler,
  score,
  scoreSde,
  tokenPosterior,
  torchRandom,
  type Trajectory,
  veSde,
  vqTransitions,
} from "../packages/schedulers/mod.ts";
import { dummyModel, dummyNoise, dummySample } from "./_diffusers_loops.ts";

/** Runs a row, from the class, its config and the number of steps; the final sample. */
export type Driver = (config: Readonly<Record<string, unknown>>, steps: number) => Float32Array;

const noise = () => gaussianNoise(torchRandom(0));

function drive(
  run: Trajectory,
  model: (x: Float32Array, run: Trajectory) => Float32Array,
): Float32Array {
  while (!run.done) run.step(model(run.x, run));
  return run.x;
}

/** Drivers by `_class_name`. */
export const DRIVERS: Readonly<Record<string, Driver>> = {
  ScoreSdeVeScheduler: (config, steps) => {
    const x = dummySample().map((value) => value * (config.sigma_max as number));
    const run = scoreSde({ ...config, _class_name: "ScoreSdeVeScheduler" }, x, {
      steps,
      noise: noise(),
      batch: 4,
    });
    return drive(run, (x, { t }) => x.map((value) => -value / (t ** 2 + 1)));
  },
  ScoreSdeVpScheduler: (config, steps) =>
    drive(
      scoreSde({ ...config, _class_name: "ScoreSdeVpScheduler" }, dummySample(), {
        steps,
        noise: noise(),
      }),
      (x, { t }) => dummyModel(x, t),
    ),
  KarrasVeScheduler: (config, steps) => {
    const scheduler = Scheduler.fromConfig({ ...config, _class_name: "KarrasVeScheduler" });
    scheduler.setTimesteps(steps);
    const draws = noise();
    draws(new Float32Array(768)); // the first step's churn, which sigma > s_max makes 0
    const x = dummySample().map((value) => value * scheduler.initNoiseSigma);
    return drive(scheduler.runner(x, draws), (x, { level: { sigma } }) => {
      return x.map((value) => (value / (1 + sigma ** 2) - value) / sigma);
    });
  },
  RePaintScheduler: (config, steps) => {
    const ends = { start: config.beta_start as number, end: config.beta_end as number };
    const schedule = discreteSchedule(betas("linear", { ...ends, length: 1000 }));
    const sampler = repaint(dummySample(), steps, schedule, {
      known: dummyNoise().map((value) => 2 * value - 1),
      mask: Float32Array.from({ length: 768 }, (_, i) => (i + 1) % 2),
      noise: noise(),
      jumpLength: 2,
      jumpSamples: 2,
    });
    return drive(adaptive(sampler, epsilon), (x, { t }) => dummyModel(x, t));
  },
  DDPMWuerstchenScheduler: (config, steps) => {
    const scheduler = Scheduler.fromConfig({ ...config, _class_name: "DDPMWuerstchenScheduler" });
    scheduler.setTimesteps(steps);
    const run = scheduler.runner(dummySample(), noise());
    return drive(run, (x, { t }) => dummyModel(x, Math.fround(1000 * t)));
  },
};

/** diffusers' own ScoreSdeVe test: three sigmas, told as the first three of the 2000 it was made with. */
export function scoreSdeVeUpstream(): Float32Array {
  const ratio = 1348 / 0.01;
  const levels = [1, 0.5, 0].map((u, i) => ({
    t: 0.01 * ratio ** (1 - i / 1999),
    alpha: 1,
    sigma: 0.01 * ratio ** u,
  }));
  const predictor = reverseDiffusion({ denoise: false });
  const end = { t: 0, alpha: 1, sigma: 0 };
  const options = { predictor, snr: 0.15, batch: 4 };
  const x = dummySample();
  const sampler = predictorCorrector(x, [...levels, end], veSde(), noise(), options);
  return drive(adaptive(sampler, score), (x, { t }) => dummyModel(x, t));
}

/** VQ-Diffusion's posterior; the complaint, or nothing if it holds. */
export function checkPosterior(
  posterior: Readonly<Record<string, number[][]>>,
): string | undefined {
  const logits = Array.from({ length: 24 }, (_, i) => (i % 7) / 3); // [classes, tokens]
  const logX0 = logits.map((value, i) => {
    let sum = 0;
    for (let j = i % 6; j < 24; j += 6) sum += Math.exp(logits[j]!);
    return value - Math.log(sum);
  });
  const transitions = vqTransitions({ classes: 5, steps: 10 });
  for (const [t, rows] of Object.entries(posterior)) {
    const actual = tokenPosterior(transitions, logX0, [4, 4, 0, 1, 2, 4], Number(t));
    for (const [i, expected] of rows.flat().entries()) {
      // diffusers writes log(1e-30) for log(0)
      const holds = expected < -50 ? actual[i]! < -50 : Math.abs(actual[i]! - expected) < 1e-5;
      if (!holds) return `posterior[${i}] at time ${t} is ${actual[i]}; expected ${expected}`;
    }
  }
  return undefined;
}
