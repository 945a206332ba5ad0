import { adaptive } from "./adaptive.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { linspace32 } from "../_numeric.ts";
import { compile } from "../plan/plan.ts";
import { epsilon, score } from "../plan/prediction.ts";
import { type Noise, Runner } from "../plan/runner.ts";
import { veSde, vpSde } from "../schedules/sde.ts";
import { predictorCorrector } from "./predictor_corrector.ts";
import { eulerMaruyama, reverseDiffusion } from "../solvers/reverse_sde.ts";
import type { Trajectory } from "../plan/trajectory.ts";

/** The scheduler configs of Song et al.'s models in diffusers, with its keys and defaults. */
export type ScoreSdeConfig =
  | {
    readonly _class_name: "ScoreSdeVeScheduler";
    readonly snr?: number | undefined;
    readonly sigma_min?: number | undefined;
    readonly sigma_max?: number | undefined;
    readonly sampling_eps?: number | undefined;
    readonly correct_steps?: number | undefined;
  }
  | {
    readonly _class_name: "ScoreSdeVpScheduler";
    readonly beta_min?: number | undefined;
    readonly beta_max?: number | undefined;
    readonly sampling_eps?: number | undefined;
  };

/** A run of {@linkcode scoreSde}. */
export interface ScoreSdeRun {
  /** The number of model calls is `(correct_steps + 1)·steps` for VE and `steps` for VP. */
  readonly steps: number;
  /** The source of every draw. */
  readonly noise: Noise;
  /** Samples in `x`, one after the other; 1 by default. */
  readonly batch?: number | undefined;
  /** Whether the last step leaves its noise out, as diffusers' pipelines do; true by default. */
  readonly denoise?: boolean | undefined;
}

/**
 * diffusers' ScoreSdeVe and ScoreSdeVp schedulers: predictor-corrector sampling of a variance-exploding
 * score network, and Euler-Maruyama of a variance-preserving noise network.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, algorithms 1 to 3. `x` is the sample at the
 * first level: noise of deviation `sigma_max` for VE, 1 for VP. It is copied. The network is told sigma for VE
 * and `999·t` for VP. A VE network predicts the score; a VP network the noise.
 *
 * @param config The config of the scheduler, as in diffusers.
 * @param x The samples at the first level; they are copied.
 * @param run The number of steps, the noise, and how many samples there are.
 * @returns The run.
 * @throws {RangeError} if `steps` is no whole number above 1, or a setting cannot be.
 *
 * @example Predictor and corrector in ten steps
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gaussianNoise, scoreSde, torchRandom } from "@shum/schedulers";
 *
 * const noise = gaussianNoise(torchRandom(0));
 * const x = new Float32Array(16).fill(50);
 * const run = scoreSde({ _class_name: "ScoreSdeVeScheduler", sigma_max: 50 }, x, { steps: 10, noise });
 * while (!run.done) run.step(run.x.map((value) => -value / (run.t ** 2 + 1))); // data N(0, 1)
 * assertEquals(run.index, 20);
 * ```
 */
export function scoreSde(
  config: ScoreSdeConfig,
  x: Float32Array,
  { steps, noise, batch = 1, denoise = true }: ScoreSdeRun,
): Trajectory {
  if (!(Number.isInteger(steps) && steps >= 2 && steps <= 100_000)) {
    throw new RangeError(
      `Cannot sample: steps is ${steps}; expected a whole number from 2 to 100000 for ` +
        `${config._class_name}`,
    );
  }
  if (config._class_name === "ScoreSdeVeScheduler") {
    const { snr = 0.15, sigma_min = 0.01, sigma_max = 1348, sampling_eps = 1e-5 } = config;
    const { correct_steps: correctSteps = 1 } = config;
    if (!(Number.isInteger(correctSteps) && correctSteps >= 0 && correctSteps <= 1000)) {
      throw new RangeError(
        `Cannot read scheduler config: correct_steps is ${correctSteps}; expected a whole number ` +
          `from 0 to 1000`,
      );
    }
    const sde = veSde({ sigmaMin: sigma_min, sigmaMax: sigma_max });
    const levels: NoiseLevel[] = Array.from(linspace32(1, sampling_eps, steps), (t) => {
      // The step is made between entries of a table, the network is told the exact sigma.
      const entry = Math.trunc(t * (steps - 1)) / (steps - 1);
      return { ...sde.at(entry), t: sde.at(t).sigma };
    });
    levels.push({ t: 0, alpha: 1, sigma: 0 });
    const predictor = reverseDiffusion({ denoise });
    const options = { predictor, snr, correctSteps, batch };
    return adaptive(predictorCorrector(x, levels, sde, noise, options), score, {
      total: (correctSteps + 1) * steps,
    });
  }
  const { beta_min = 0.1, beta_max = 20, sampling_eps = 1e-3 } = config;
  const sde = vpSde({ betaMin: beta_min, betaMax: beta_max });
  const levels = Array.from(
    linspace32(1, sampling_eps, steps),
    (t) => ({ ...sde.at(t), sigma: deviation32(t, beta_min, beta_max) }),
  );
  levels.push({ t: 0, alpha: 1, sigma: 0 });
  const prediction = (level: NoiseLevel) => ({
    ...epsilon(level),
    cIn: 1,
    cNoise: Math.fround(999 * level.t),
  });
  const solver = eulerMaruyama(sde, { dt: 1 / steps, denoise });
  return new Runner(compile(solver, prediction, sde, levels), x, noise);
}

/** `√(1 - alpha²)` with float32's cancellation, which near t = 0 is what diffusers divides by. */
function deviation32(t: number, betaMin: number, betaMax: number): number {
  const f = Math.fround;
  const logAlpha = f(
    f(f(-0.25 * f(t * t)) * f(betaMax - betaMin)) - f(f(0.5 * t) * f(betaMin)),
  );
  return f(Math.sqrt(f(1 - f(Math.exp(f(2 * logAlpha))))));
}
