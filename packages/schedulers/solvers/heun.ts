import { intervals } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";

/**
 * Heun's method: an Euler step, corrected by the slope at its end. Two model calls per interval,
 * one in the last if that ends at `sigma = 0`.
 *
 * ```text
 * x_e = alpha_t·x0 + sigma_t·eps
 * x_t = x + (alpha_t - alpha_s)·(x0 + x0_e)/2 + (sigma_t - sigma_s)·(eps + eps_e)/2
 * ```
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, algorithm 1, along a straight line from
 * one `(alpha, sigma)` to the next: on flow levels it is flow-matching Heun. Add churn
 * with {@linkcode churned}.
 *
 * @returns The solver.
 *
 * @example An Euler step and its correction
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmSchedule, heun } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const [euler, correction] = heun()(levels, edmSchedule());
 * assertEquals(euler!.x.terms, { x0: 1, eps: 1 });
 * assertEquals(correction!.x.terms, {
 *   "x[-1]": 1, "x0[-1]": 0, "eps[-1]": -0.5, x0: 0, eps: -0.5,
 * });
 * ```
 */
export function heun(): Solver {
  return (levels, _schedule, begin) =>
    intervals(levels, begin).flatMap(([s, t]): Step[] => {
      const first: Step = { level: s, x: { terms: { x0: t.alpha, eps: t.sigma } } };
      if (t.sigma === 0) return [first];
      const x0 = (t.alpha - s.alpha) / 2;
      const eps = (t.sigma - s.sigma) / 2;
      const x = { terms: { "x[-1]": 1, "x0[-1]": x0, "eps[-1]": eps, x0, eps } };
      return [first, { level: t, x }];
    });
}
