import { intervals, lambda } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { coefficients, type DpmAlgorithm, type DpmSolverType, span } from "./_dpm_solver.ts";
import { distinct } from "./_history.ts";

/** Options of {@linkcode dpmSolverMultistep}, named as in diffusers. */
export interface DpmSolverMultistepOptions {
  /** 1 to 3; for the SDE algorithms without `++`, 1 or 2. */
  readonly order?: number;
  /** Which equation is solved, and whether the model's x0 (`++`) or eps is extrapolated. */
  readonly algorithm?: DpmAlgorithm;
  /** How second order is reached. */
  readonly solverType?: DpmSolverType;
  /** Lower the order in the last steps of runs of fewer than 15: more stable. */
  readonly lowerOrderFinal?: boolean;
  /** Always end with a first-order step. */
  readonly eulerAtFinal?: boolean;
  /** How stochastic `sde-dpmsolver++` is: 1 follows the reverse SDE, 0 the ODE. */
  readonly eta?: number;
}

/**
 * DPM-Solver and DPM-Solver++, multistep: exponential integrators that extrapolate from earlier
 * model calls. The last step is of first order if it ends at `sigma = 0`.
 *
 * Lu et al. (2022), https://arxiv.org/abs/2206.00927 and https://arxiv.org/abs/2211.01095,
 * algorithm 2 and appendices A and B.
 *
 * Throws a `RangeError` for orders that the algorithm does not have.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpmSolverMultistep, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = dpmSolverMultistep()(levels, edmSchedule());
 * assertEquals(steps[1]!.x.terms, { x: 0.5, x0: 0.75, "x0[-1]": -0.25 }); // 2M
 * ```
 */
export function dpmSolverMultistep({
  order = 2,
  algorithm = "dpmsolver++",
  solverType = "midpoint",
  lowerOrderFinal = true,
  eulerAtFinal = false,
  eta = 1,
}: DpmSolverMultistepOptions = {}): Solver {
  const highest = algorithm === "sde-dpmsolver" ? 2 : 3;
  if (!(Number.isInteger(order) && order >= 1 && order <= highest)) {
    throw new RangeError(
      `Cannot make a multistep ${algorithm}: solver_order is ${order}; expected 1 to ${highest}`,
    );
  }
  const slot = algorithm.endsWith("++") ? "x0" : "eps";
  return (levels, _schedule, begin = 0) => {
    const last = levels.length - 2;
    const few = lowerOrderFinal && last + 1 < 15;
    return intervals(levels, begin).map(([s, t, i]): Step => {
      const euler = i === last && (eulerAtFinal || few || t.sigma === 0);
      const most = Math.min(order, euler ? 1 : few && i === last - 1 ? 2 : 3);
      const used = distinct(levels, i, begin, most);
      const { x, first, second, third, noise } = coefficients(
        algorithm,
        solverType,
        s,
        t,
        used,
        eta,
      );
      const terms: Record<string, number> = { x, [slot]: first };
      const h = lambda(t) - lambda(s);
      if (used === 2) {
        const r = (lambda(s) - lambda(levels[i - 1]!)) / h;
        terms[slot] = first + second / r; // D1 = (m0 - m1) / r0
        terms[`${slot}[-1]`] = -second / r;
      } else if (used === 3) {
        const r0 = (lambda(s) - lambda(levels[i - 1]!)) / h;
        const r1 = (lambda(levels[i - 1]!) - lambda(levels[i - 2]!)) / h;
        // D1 = d0 + r0 (d0 - d1) / (r0 + r1) and D2 = (d0 - d1) / (r0 + r1), with
        // d0 = (m0 - m1) / r0 and d1 = (m1 - m2) / r1; gathered by d0 and d1:
        const d0 = (second * (1 + r0 / (r0 + r1)) + third / (r0 + r1)) / r0;
        const d1 = -(second * r0 + third) / (r0 + r1) / r1;
        terms[slot] = first + d0;
        terms[`${slot}[-1]`] = d1 - d0;
        terms[`${slot}[-2]`] = -d1;
      }
      return {
        level: s,
        x: noise === undefined ? { terms } : { terms, noise, interval: span(s, t) },
      };
    });
  };
}
