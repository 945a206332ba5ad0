import { intervals, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";

/** Karras et al.'s churn: noise added before a step, and removed again by it. */
export interface Churn {
  /** S_churn: how much noise is added over the whole run. */
  readonly amount: number;
  /** S_tmin: below this Karras sigma, none. */
  readonly min?: number | undefined;
  /** S_tmax: above it, none. */
  readonly max?: number | undefined;
  /** S_noise: scales the added noise; a little above 1 makes up for lost detail. */
  readonly scale?: number | undefined;
}

/** A level raised by churn, and the noise that takes a sample there. */
export interface Raised {
  /** The noisier level. */
  readonly level: NoiseLevel;
  /** The deviation of the noise to add. */
  readonly noise: number;
}

/**
 * Where churn takes the level `s`, or nothing where it does not act.
 *
 * ```text
 * sigma' = sigma_s·(1 + min(amount / steps, √2 - 1))
 * x' = x + scale·√(sigma'² - sigma_s²)·z
 * ```
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, algorithm 2, lines 4 to 6.
 *
 * @param s The level before.
 * @param churn How much noise, and where.
 * @param steps How many steps the run has.
 * @returns The raised level and the noise; `undefined` where churn does not act.
 *
 * @example From sigma 4 to 5
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { raise } from "@shum/schedulers";
 * const raised = raise({ t: 1, alpha: 1, sigma: 4 }, { amount: 10 * 0.25 }, 10)!;
 * assertEquals(raised, { level: { t: 1, alpha: 1, sigma: 5 }, noise: 3 });
 * assertEquals(raise({ t: 1, alpha: 1, sigma: 4 }, { amount: 1, max: 3 }, 10), undefined);
 * ```
 */
export function raise(
  s: NoiseLevel,
  { amount, min = 0, max = Infinity, scale = 1 }: Churn,
  steps: number,
): Raised | undefined {
  const sigma = s.sigma / s.alpha;
  if (!(amount > 0) || sigma < min || sigma > max) return undefined;
  const factor = 1 + Math.min(amount / steps, Math.SQRT2 - 1);
  return {
    level: { ...s, sigma: s.sigma * factor },
    noise: s.sigma * Math.sqrt(factor ** 2 - 1) * scale,
  };
}

/**
 * Adds churn to a solver that looks no further back than its own interval: Euler, Heun, DPM2.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, algorithm 2. The noise of a step is added
 * by the update before it, so that the model sees the churned sample; a run therefore starts from a
 * sample at the level of the plan's first step, which is raised already. One draw per step, also
 * where no noise is added, as in the authors' code and k-diffusion.
 *
 * @param solver The solver to add churn to.
 * @param churn How much noise, and where.
 * @returns The solver with churn.
 *
 * @example Levels raised by a quarter
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { churned, edmSchedule, euler } from "@shum/schedulers";
 * const levels = [8, 4, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = churned(euler(), { amount: 2 * 0.25 })(levels, edmSchedule());
 * assertEquals(steps.map(({ level }) => level.sigma), [10, 5]);
 * assertEquals(steps[0]!.x, { terms: { x0: 1, eps: 4 }, noise: 3 });
 * ```
 */
export function churned(solver: Solver, churn: Churn): Solver {
  return (levels, schedule, begin) => {
    const steps: Step[] = [];
    for (const [s, t] of intervals(levels, begin)) {
      const raised = raise(s, churn, levels.length - 1);
      const last = steps.pop();
      if (last) steps.push({ ...last, x: { ...last.x, noise: raised?.noise ?? 0 } });
      const told = raised && schedule.atLambda(Math.log(s.alpha / raised.level.sigma)).t;
      const from = raised ? { ...raised.level, t: told! } : s;
      steps.push(...solver([from, t], schedule));
    }
    return steps;
  };
}
