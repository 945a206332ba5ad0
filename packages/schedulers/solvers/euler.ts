import { intervals } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { type Churn, raise } from "./churn.ts";

/**
 * Euler's method on the probability-flow ODE.
 *
 * ```text
 * x_t = alpha_t·x0 + sigma_t·eps, which is x + (sigma_t - sigma_s)·eps where alpha is 1
 * ```
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, algorithm 1 without its correction. It is
 * DDIM, in any scaling; on flow levels, flow-matching Euler. With `churn`, algorithm 2 as diffusers
 * reads it: the model is called before the noise is added, and its output is used as if it had been
 * called after. For the algorithm as published see {@linkcode churned}.
 *
 * @param options The churn, none by default.
 * @returns The solver.
 *
 * @example A step from sigma 2 to 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmSchedule, euler } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(euler()(levels, edmSchedule())[0]!.x.terms, { x0: 1, eps: 1 }); // x - (2 - 1)·eps
 * ```
 */
export function euler({ churn }: { churn?: Churn | undefined } = {}): Solver {
  return (levels, _schedule, begin) =>
    intervals(levels, begin).map(([s, t]): Step => {
      const raised = churn && raise(s, churn, levels.length - 1);
      const terms = { x0: t.alpha, eps: t.sigma };
      return raised ? { level: s, raised, x: { terms } } : { level: s, x: { terms } };
    });
}
