import { intervals, lambda } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";

/**
 * DPM2: the slope at the middle of the interval, in log sigma, carries the whole step.
 *
 * ```text
 * x_m = alpha_m·x0 + sigma_m·eps, lambda_m = (lambda_s + lambda_t)/2
 * x_t = x + (alpha_t - alpha_s)·x0_m + (sigma_t - sigma_s)·eps_m
 * ```
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, appendix D, with the midpoint of
 * Lu et al. (2022), https://arxiv.org/abs/2206.00927, algorithm 1; k-diffusion, `sample_dpm_2`. The
 * last step is Euler's if it ends at `sigma = 0`, where there is no middle.
 *
 * @returns The solver.
 *
 * @example The middle of 4 and 1 is 2
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpm2, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = dpm2()(levels, edmSchedule());
 * assertEquals(steps.map(({ level }) => level.sigma.toFixed(9)), [
 *   "4.000000000", "2.000000000", "1.000000000",
 * ]);
 * ```
 */
export function dpm2(): Solver {
  return (levels, schedule, begin) =>
    intervals(levels, begin).flatMap(([s, t]): Step[] => {
      if (t.sigma === 0) return [{ level: s, x: { terms: { x0: t.alpha, eps: t.sigma } } }];
      const m = schedule.atLambda((lambda(s) + lambda(t)) / 2);
      const x = { "x[-1]": 1, x0: t.alpha - s.alpha, eps: t.sigma - s.sigma };
      return [
        { level: s, x: { terms: { x0: m.alpha, eps: m.sigma } } },
        { level: m, x: { terms: x } },
      ];
    });
}
