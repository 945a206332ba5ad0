import type { AdaptiveSampler } from "./adaptive.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import { weightedSum } from "../arithmetic/weighted_sum.ts";
import { allocateVectors } from "../wasm/_simd.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { parseSlot } from "../plan/slot.ts";
import type { Noise } from "../plan/runner.ts";

/** Settings of {@linkcode predictorCorrector}. */
export interface PredictorCorrectorOptions {
  /**
   * The solver of each step down: `reverseDiffusion()`, `eulerMaruyama(sde)`, DDIM, ... Its steps must read
   * nothing older than the current prediction.
   */
  readonly predictor: Solver;
  /** The corrector's signal-to-noise ratio, `r` in the paper: 0.16 for VE on CIFAR-10, 0.15 in diffusers. */
  readonly snr: number;
  /** Corrector steps before each step of the predictor; 1 by default. */
  readonly correctSteps?: number | undefined;
  /**
   * `"langevin"` (default) sizes a step by the norms of noise and score; `"annealed"` by the level's
   * sigma, as NCSN does.
   */
  readonly corrector?: "langevin" | "annealed" | undefined;
  /** Samples in `x`, one after the other, over which norms are averaged; 1 by default. */
  readonly batch?: number | undefined;
}

/**
 * Predictor-corrector sampling: at each level some Langevin steps with a step size that is found from
 * the data, then one step of a solver to the next level.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, algorithms 2 to 5. A corrector step is
 * `x <- x + e·score + √(2e)·z` with `e = 2·a·(snr·|z| / |score|)²`, where `a` is 1 for VE and 1 - beta for VP.
 * At sigma 0, and where the score vanishes, there is nothing to correct and no call is made for it.
 *
 * @param x The samples at the first level; they are copied.
 * @param levels The noise levels of the run, the last one included.
 * @param schedule The forward process of the model.
 * @param noise The source of every draw.
 * @param options The predictor, and how the corrector sizes its steps.
 * @returns The sampler; run it with {@linkcode adaptive}.
 * @throws {RangeError} if a setting cannot be, or the predictor looks back, once the sampler is
 * started.
 *
 * @example Data that is all 0
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adaptive, gaussianNoise, predictorCorrector, reverseDiffusion, score, torchRandom, veSde } from "@shum/schedulers";
 *
 * const sde = veSde({ sigmaMin: 0.01, sigmaMax: 50 });
 * const levels = Array.from({ length: 21 }, (_, i) => sde.at(1 - i / 20));
 * const noise = gaussianNoise(torchRandom(0));
 * const x = new Float32Array(64);
 * noise(x);
 * const run = adaptive(
 *   predictorCorrector(x.map((z) => 50 * z), levels, sde, noise, { predictor: reverseDiffusion(), snr: 0.16 }),
 *   score,
 *   { total: 40 },
 * );
 * // Data is all 0: the score of x is -x / sigma².
 * while (!run.done) run.step(run.x.map((x) => -x / run.level.sigma ** 2));
 * assertEquals(run.index, 40);
 * assertEquals(run.x.every((value) => Math.abs(value) < 0.1), true);
 * ```
 */
export function* predictorCorrector(
  x: Float32Array,
  levels: readonly NoiseLevel[],
  schedule: NoiseSchedule,
  noise: Noise,
  { predictor, snr, correctSteps = 1, corrector = "langevin", batch = 1 }:
    PredictorCorrectorOptions,
): AdaptiveSampler {
  if (!(snr > 0) || !Number.isInteger(correctSteps) || correctSteps < 0) {
    throw new RangeError(
      `Cannot use predictor-corrector sampling: snr is ${snr} and correctSteps is ${correctSteps}; ` +
        `expected snr above 0 and a whole number of steps`,
    );
  }
  if (!Number.isInteger(batch) || batch < 1 || x.length % batch !== 0) {
    throw new RangeError(
      `Cannot use predictor-corrector sampling: batch is ${batch}; expected a divisor of the ` +
        `${x.length} elements`,
    );
  }
  const steps = predictor(levels, schedule);
  steps.forEach(requireOneStep);
  const [sample, z] = allocateVectors(2, x.length) as [Float32Array, Float32Array];
  sample.set(x);

  for (const [i, { level, x: { terms, noise: weight, interval } }] of steps.entries()) {
    const { alpha, sigma } = level;
    for (let k = 0; k < correctSteps && sigma > 0; k++) {
      const eps = yield { x: sample, level };
      noise(z);
      const scoreNorm = meanNorm(eps, batch) / sigma;
      if (scoreNorm === 0) continue;
      const next = levels[i + 1];
      const a = next === undefined ? 1 : (alpha / next.alpha) ** 2; // 1 - beta
      const scale = corrector === "annealed" ? sigma : meanNorm(z, batch) / scoreNorm;
      const e = 2 * a * (snr * scale) ** 2;
      weightedSum(sample, [1, -e / sigma, Math.sqrt(2 * e)], [sample, eps, z]);
    }
    const eps = yield { x: sample, level };
    const { x: keep = 0, x0 = 0, eps: direction = 0 } = terms;
    // x0 = (x - sigma·eps) / alpha
    const weights = [keep + x0 / alpha, direction - (x0 * sigma) / alpha];
    if (weight === undefined) {
      weightedSum(sample, weights, [sample, eps]);
    } else {
      noise(z, interval);
      weightedSum(sample, [...weights, weight as number], [sample, eps, z]);
    }
  }
  return sample;
}

function requireOneStep(step: Step): void {
  const past = Object.keys(step.x.terms).find((slot) => parseSlot(slot).age > 0);
  if (past === undefined && ["number", "undefined"].includes(typeof step.x.noise)) return;
  throw new RangeError(
    `Cannot use predictor-corrector sampling: the predictor reads ${
      past ?? "a learned variance"
    } at ` +
      `timestep ${step.level.t}; expected a one-step solver, such as reverseDiffusion()`,
  );
}

/** The mean over samples of the Euclidean norm. */
function meanNorm(vector: Float32Array, batch: number): number {
  const size = vector.length / batch;
  let sum = 0;
  for (let start = 0; start < vector.length; start += size) {
    let square = 0;
    for (let i = start; i < start + size; i++) square += vector[i]! * vector[i]!;
    sum += Math.sqrt(square);
  }
  return sum / batch;
}
