import { adaptive } from "./adaptive.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { varianceExploding } from "../plan/noise_schedule.ts";
import { compile, type Plan, type Solver } from "../plan/plan.ts";
import type { Prediction } from "../plan/prediction.ts";
import { type Noise, Runner } from "../plan/runner.ts";
import type { Sde } from "../schedules/sde.ts";
import { annealedLangevin, annealingStep, sgld } from "../solvers/langevin.ts";
import { predictorCorrector } from "./predictor_corrector.ts";
import { probabilityFlow } from "./probability_flow.ts";
import { reverseDiffusion } from "../solvers/reverse_sde.ts";
import type { Trajectory } from "../plan/trajectory.ts";

/** The ways in which {@linkcode scoreSampler} samples. */
export const scoreMethods = [
  "langevin",
  "sgld",
  "predictor-corrector",
  "reverse-sde",
  "ode",
] as const;

/** One of {@linkcode scoreMethods}. */
export type ScoreMethod = typeof scoreMethods[number];

/** How {@linkcode scoreSampler} samples; what is absent is usual for the method. */
export interface ScoreSamplerOptions {
  /** The source of every draw. */
  readonly noise: Noise;
  /** About how many model calls; the ODE chooses by its tolerance. */
  readonly steps?: number;
  /** Samples in `z`, one after the other; 1 by default. */
  readonly batch?: number;
  /** The first and largest `sigma / alpha` of Langevin dynamics; 50 by default, or the process's most. */
  readonly sigmaMax?: number;
  /** The last one, or the only one of SGLD; 0.02 by default, for SGLD 0.1. */
  readonly sigmaMin?: number;
  /** Langevin steps at each level; 5 by default. */
  readonly stepsPerLevel?: number;
  /** A Langevin step as a share of sigma²; by default what the spacing of the levels asks for. */
  readonly rate?: number;
  /** The corrector's signal-to-noise ratio; 0.16 by default. */
  readonly snr?: number;
  /** The ODE's tolerance, relative and absolute; 1e-3 by default. */
  readonly tolerance?: number;
}

/** Model calls, where nothing is said. */
const STEPS = { langevin: 160, sgld: 160, "predictor-corrector": 80, "reverse-sde": 100, ode: 0 };

/**
 * Samples any variance-preserving or -exploding model by its score: Song & Ermon's Langevin dynamics, and
 * Song et al.'s predictor-corrector, reverse SDE and probability-flow ODE.
 *
 * Langevin dynamics runs in VE scaling whatever the process's own, since its score is that of
 * `x0 + sigma·eps`; the others in the process's scaling. All but SGLD begin from the same `z` at the
 * largest noise, and end with the mean of the last step.
 *
 * @param method How.
 * @param sde The process: `continuousView` of a discrete schedule, or `vpSde`, `veSde`...
 * @param prediction What the network predicts: that of `trainedProcess`, or `score`...
 * @param z N(0, I), from which the run begins; it is copied.
 * @param options Noise, steps and the method's own settings.
 * @returns The run, at its start.
 * @throws {RangeError} if the method is unknown or a setting cannot be.
 *
 * @example Every method finds the data
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { gaussianNoise, score, scoreMethods, scoreSampler, torchRandom, vpSde } from "@shum/schedulers";
 *
 * // Data is all 3: the score is (alpha·3 - x) / sigma².
 * for (const method of scoreMethods) {
 *   const noise = gaussianNoise(torchRandom(0)), z = new Float32Array(64);
 *   noise(z);
 *   const run = scoreSampler(method, vpSde(), score, z, { noise });
 *   while (!run.done) {
 *     const { alpha, sigma } = run.level;
 *     run.step(run.x.map((x) => (3 * alpha - x) / sigma ** 2));
 *   }
 *   assertAlmostEquals(run.x.reduce((sum, x) => sum + x / 64, 0), 3, 0.1);
 * }
 * ```
 */
export function scoreSampler(
  method: ScoreMethod,
  sde: Sde,
  prediction: Prediction,
  z: Float32Array,
  options: ScoreSamplerOptions,
): Trajectory {
  const { noise, batch = 1, snr = 0.16, tolerance = 1e-3 } = options;
  const planned = scorePlan(method, sde, prediction, options);
  if (planned) {
    const x = z.map((value) => planned.initNoiseSigma * value);
    return new Runner(planned.plan, x, noise, undefined, batch);
  }
  const x = z.map((value) => sde.prior * value);
  if (method === "ode") {
    const settings = { to: 1e-3, rtol: tolerance, atol: tolerance, denoise: true };
    return adaptive(probabilityFlow(x, sde, settings), prediction, { total: 62 });
  }
  const levels = falling(sde, Math.ceil(stepsOf(method, options) / 2));
  const settings = { predictor: reverseDiffusion(), snr, batch };
  return adaptive(predictorCorrector(x, levels, sde, noise, settings), prediction, {
    total: 2 * (levels.length - 1),
  });
}

/** A method of {@linkcode scoreSampler} whose steps are known before it begins. */
export interface ScorePlan {
  /** What is computed. */
  readonly plan: Plan;
  /** The level after the last step. */
  readonly end: NoiseLevel;
  /** The deviation of the noise that it begins from. */
  readonly initNoiseSigma: number;
}

/**
 * The plan of a method of {@linkcode scoreSampler}, where it has one: of Langevin dynamics and the reverse SDE.
 *
 * @param method How.
 * @param sde The process.
 * @param prediction What the network predicts.
 * @param options Steps and the method's own settings.
 * @returns The plan; nothing for the predictor-corrector and the ODE, whose steps depend on the samples.
 * @throws {RangeError} if {@linkcode scoreSampler} would throw.
 *
 * @example Methods with a plan, and without
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { score, scorePlan, veSde } from "@shum/schedulers";
 * assertEquals(scorePlan("langevin", veSde(), score, { steps: 50 })!.plan.steps.length, 51);
 * assertEquals(scorePlan("ode", veSde(), score), undefined);
 * ```
 */
export function scorePlan(
  method: ScoreMethod,
  sde: Sde,
  prediction: Prediction,
  options: Omit<ScoreSamplerOptions, "noise" | "batch"> = {},
): ScorePlan | undefined {
  const steps = stepsOf(method, options);
  const planned = (solver: Solver, levels: readonly NoiseLevel[], initNoiseSigma: number) => ({
    plan: compile(solver, prediction, sde, levels),
    end: levels.at(-1)!,
    initNoiseSigma,
  });
  if (method === "reverse-sde") return planned(reverseDiffusion(), falling(sde, steps), sde.prior);
  if (method !== "langevin" && method !== "sgld") return undefined;
  const { levels, solver } = langevin(method, sde, steps, options);
  return planned(solver, levels, method === "sgld" ? 1 : levels[0]!.sigma);
}

function stepsOf(method: ScoreMethod, options: Pick<ScoreSamplerOptions, "steps">): number {
  if (!scoreMethods.includes(method)) {
    throw new RangeError(
      `Cannot sample by the score: method is ${JSON.stringify(method)}; expected one of ` +
        scoreMethods.join(", "),
    );
  }
  const steps = options.steps ?? STEPS[method];
  if (Number.isInteger(steps) && (method === "ode" || steps >= 2)) return steps;
  throw new RangeError(
    `Cannot sample by the score: steps is ${steps}; expected a whole number from 2 for ${method}`,
  );
}

/** `count` levels, evenly spaced in time from the noisiest, and the clean one. */
function falling(sde: Sde, count: number): readonly NoiseLevel[] {
  const levels = Array.from({ length: count }, (_, i) => sde.at(1 - i / count));
  return [...levels, { t: 0, alpha: 1, sigma: 0 }];
}

/** Levels in VE scaling and the solver of Langevin dynamics. */
function langevin(
  method: "langevin" | "sgld",
  sde: Sde,
  steps: number,
  options: Omit<ScoreSamplerOptions, "noise" | "batch">,
) {
  const view = varianceExploding(sde);
  const most = view.at(sde.length).sigma, least = view.at(0).sigma;
  const { sigmaMin = method === "sgld" ? 0.1 : Math.max(0.02, least) } = options;
  const { sigmaMax = Math.min(50, most), stepsPerLevel = 5 } = options;
  if (!(sigmaMin >= least && sigmaMin < sigmaMax && sigmaMax <= most)) {
    throw new RangeError(
      `Cannot use Langevin dynamics: sigmaMin is ${sigmaMin} and sigmaMax is ${sigmaMax}; expected ` +
        `${least} <= sigmaMin < sigmaMax <= ${most}, the model's own`,
    );
  }
  const at = (sigma: number) => view.atLambda(-Math.log(sigma));
  const clean = { t: 0, alpha: 1, sigma: 0 };
  if (method === "sgld") {
    const { rate = 0.1 } = options;
    const levels = Array.from({ length: steps + 1 }, () => at(sigmaMin));
    return { levels, solver: sgld({ rate: 2 * rate * sigmaMin ** 2 }) };
  }
  const count = Math.max(2, Math.round(steps / stepsPerLevel));
  const ratio = (sigmaMax / sigmaMin) ** (1 / (count - 1));
  const levels = Array.from({ length: count }, (_, i) => at(sigmaMax / ratio ** i));
  const { rate = annealingStep(ratio, stepsPerLevel) } = options;
  const solver = annealedLangevin({ epsilon: rate * sigmaMin ** 2, stepsPerLevel });
  return { levels: [...levels, clean], solver };
}
