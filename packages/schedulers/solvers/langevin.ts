import type { Preconditioning, Prediction } from "../plan/prediction.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";

/**
 * Stochastic gradient Langevin dynamics, one step at each level but the last. Repeat a level to stay
 * at it.
 *
 * ```text
 * x <- x + (rate/2)·score + √rate·z
 * ```
 *
 * Welling & Teh (2011), https://www.stats.ox.ac.uk/~teh/research/compstats/WelTeh2011a.pdf, eq. 4, on the score of noisy data. Samples
 * the density at a level as `rate` goes to 0; a finite rate widens it a little.
 *
 * @param options The step size.
 * @returns The solver.
 * @throws {RangeError} if `rate` is not positive and finite.
 *
 * @example One step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sgld } from "@shum/schedulers";
 * const level = { t: 0, alpha: 1, sigma: 0.5 };
 * const [step] = sgld({ rate: 0.25 })([level, level], { length: 1, at: () => level, atLambda: () => level });
 * assertEquals(step!.x, { terms: { x: 1, eps: -0.25 }, noise: 0.5 });
 * ```
 */
export function sgld({ rate }: { rate: number }): Solver {
  requirePositive("SGLD", "rate", rate);
  return (levels, _schedule, begin = 0) =>
    levels.slice(begin, -1).map((level) => langevinStep(level, rate / 2));
}

/** Settings of annealed Langevin dynamics. */
export interface Annealing {
  /** The first and largest sigma. */
  readonly sigmaMax: number;
  /** The last and smallest sigma. */
  readonly sigmaMin: number;
  /** How many sigmas, in geometric progression. */
  readonly levels: number;
  /** The step size at the smallest sigma; it grows with sigma². */
  readonly epsilon: number;
  /** Steps at each sigma. */
  readonly stepsPerLevel: number;
}

/**
 * The published settings: NCSN's (Song & Ermon 2019, https://arxiv.org/abs/1907.05600, section 5) and
 * NCSNv2's (Song & Ermon 2020, https://arxiv.org/abs/2006.09011, their released configurations).
 *
 * @example Levels for CIFAR-10
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { annealingPresets } from "@shum/schedulers";
 * assertEquals(annealingPresets["ncsnv2-cifar10"].levels, 232);
 * ```
 */
export const annealingPresets: Readonly<
  Record<
    | "ncsn"
    | "ncsnv2-cifar10"
    | "ncsnv2-celeba64"
    | "ncsnv2-church96"
    | "ncsnv2-bedroom128"
    | "ncsnv2-ffhq256",
    Annealing
  >
> = {
  "ncsn": { sigmaMax: 1, sigmaMin: 0.01, levels: 10, epsilon: 2e-5, stepsPerLevel: 100 },
  "ncsnv2-cifar10": annealed(50, 232, 6.2e-6, 5),
  "ncsnv2-celeba64": annealed(90, 500, 3.3e-6, 5),
  "ncsnv2-church96": annealed(140, 788, 4.9e-6, 4),
  "ncsnv2-bedroom128": annealed(190, 1086, 1.8e-6, 3),
  "ncsnv2-ffhq256": annealed(348, 2311, 0.9e-6, 3),
};

function annealed(
  sigmaMax: number,
  levels: number,
  epsilon: number,
  stepsPerLevel: number,
): Annealing {
  return { sigmaMax, sigmaMin: 0.01, levels, epsilon, stepsPerLevel };
}

/**
 * The noise levels of an annealed run, largest first, and a clean one where NCSNv2's last denoising step
 * ends. A level's `t` is its index, which is what those networks are told.
 *
 * @param options The largest and the smallest sigma, and how many there are.
 * @returns The levels.
 * @throws {RangeError} if not `0 < sigmaMin < sigmaMax`, or `levels` is no whole number above 1.
 *
 * @example NCSN's
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { annealingLevels, annealingPresets } from "@shum/schedulers";
 * const levels = annealingLevels(annealingPresets.ncsn);
 * assertEquals(levels.length, 11);
 * assertAlmostEquals(levels[9]!.sigma, 0.01);
 * ```
 */
export function annealingLevels(
  { sigmaMax, sigmaMin, levels }: Pick<Annealing, "sigmaMax" | "sigmaMin" | "levels">,
): readonly NoiseLevel[] {
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin && Number.isInteger(levels) && levels > 1)) {
    throw new RangeError(
      `Cannot anneal: sigmaMax is ${sigmaMax}, sigmaMin ${sigmaMin} and levels ${levels}; expected ` +
        `0 < sigmaMin < sigmaMax and a whole number of levels above 1`,
    );
  }
  const ratio = sigmaMin / sigmaMax;
  const noisy = Array.from({ length: levels }, (_, t) => ({
    t,
    alpha: 1,
    sigma: sigmaMax * ratio ** (t / (levels - 1)),
  }));
  return [...noisy, { t: levels - 1, alpha: 1, sigma: 0 }];
}

/**
 * The step size of annealed Langevin dynamics, as a share of sigma², that leaves each level's noise nearest
 * to its sigma, where the levels fall by `ratio` and each is visited `stepsPerLevel` times.
 *
 * Song & Ermon (2020), https://arxiv.org/abs/2006.09011, technique 4: a sample that comes from the level
 * above with deviation `ratio·sigma` leaves with variance `sigma²·((1 - c)^(2T)·(ratio² - k) + k)`, where
 * `k = 2c / (1 - (1 - c)²)`.
 *
 * @param ratio Of a sigma to the next, above 1.
 * @param stepsPerLevel Langevin steps at each, `T`.
 * @returns `c`; the `epsilon` of {@linkcode annealedLangevin} is `c·sigmaMin²`.
 *
 * @example NCSNv2's own setting for CIFAR-10 is 6.2e-6 / 0.01² = 0.062
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { annealingStep } from "@shum/schedulers";
 * assertAlmostEquals(annealingStep((50 / 0.01) ** (1 / 231), 5), 0.062, 0.006);
 * ```
 */
export function annealingStep(ratio: number, stepsPerLevel: number): number {
  const away = (c: number): number => {
    const k = 2 * c / (1 - (1 - c) ** 2);
    return Math.abs((1 - c) ** (2 * stepsPerLevel) * (ratio ** 2 - k) + k - 1);
  };
  let best = 1e-4;
  for (let c = best; c < 1; c *= 1.005) if (away(c) < away(best)) best = c;
  return best;
}

/**
 * Annealed Langevin dynamics, several steps at each level with noise. A clean last level, if there
 * is one, is reached by NCSNv2's denoising step; leave that level out for NCSN.
 *
 * ```text
 * x <- x + a·score + √(2a)·z, a = epsilon·(sigma / sigmaMin)²
 * at the end x <- x + sigma²·score
 * ```
 *
 * Song & Ermon (2019), https://arxiv.org/abs/1907.05600, algorithm 1; (2020),
 * https://arxiv.org/abs/2006.09011, algorithm 1 and section 5.
 *
 * @param options The step size at the smallest sigma, and the steps at each.
 * @returns The solver.
 * @throws {RangeError} if `epsilon` is not positive, or `stepsPerLevel` no whole number above 0.
 *
 * @example NCSNv2's
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { annealedLangevin, annealingLevels, annealingPresets, compile, edmSchedule, score } from "@shum/schedulers";
 * const preset = annealingPresets["ncsnv2-cifar10"];
 * const plan = compile(annealedLangevin(preset), score, edmSchedule(), annealingLevels(preset));
 * assertEquals(plan.steps.length, 232 * 5 + 1);
 * ```
 */
export function annealedLangevin(
  { epsilon, stepsPerLevel }: Pick<Annealing, "epsilon" | "stepsPerLevel">,
): Solver {
  requirePositive("annealed Langevin dynamics", "epsilon", epsilon);
  if (!Number.isInteger(stepsPerLevel) || stepsPerLevel < 1) {
    throw new RangeError(
      `Cannot use annealed Langevin dynamics: stepsPerLevel is ${stepsPerLevel}; expected a whole ` +
        `number above 0`,
    );
  }
  return (levels, _schedule, begin = 0) => {
    const noisy = levels.filter((level) => level.sigma > 0);
    const smallest = noisy.at(-1);
    if (smallest === undefined) return [];
    const steps = noisy.slice(begin).flatMap((level) => {
      const size = epsilon * (level.sigma / smallest.sigma) ** 2;
      return Array.from({ length: stepsPerLevel }, () => langevinStep(level, size));
    });
    const clean = levels.at(-1)!.sigma === 0;
    return clean ? [...steps, { level: smallest, x: { terms: { x0: smallest.alpha } } }] : steps;
  };
}

/** `x + size·score + √(2·size)·z`, with `score = -eps / sigma`. */
function langevinStep(level: NoiseLevel, size: number): Step {
  return {
    level,
    x: { terms: { x: 1, eps: -size / level.sigma }, noise: Math.sqrt(2 * size) },
  };
}

/**
 * NCSNv2's networks: told nothing of the level, and their output divided by sigma is the score.
 *
 * Song & Ermon (2020), https://arxiv.org/abs/2006.09011, technique 3.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example The output is multiplied by sigma
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scaledScore } from "@shum/schedulers";
 * assertEquals(scaledScore({ t: 0, alpha: 1, sigma: 2 }).cOut, 2);
 * ```
 */
export const scaledScore: Prediction = ({ t, alpha, sigma }): Preconditioning => ({
  cSkip: 1 / alpha,
  cOut: sigma / alpha,
  cIn: 1,
  cNoise: t,
  eSkip: 0,
  eOut: -1,
});

function requirePositive(method: string, name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new RangeError(`Cannot use ${method}: ${name} is ${value}; expected a positive number`);
}
