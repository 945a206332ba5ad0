import { intervals, lambda } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { slotOf } from "../plan/slot.ts";
import { coefficients, type DpmAlgorithm, type DpmSolverType, span } from "./_dpm_solver.ts";
import { distinct } from "./_history.ts";

/** Options of {@linkcode dpmSolverMultistep}, named as in diffusers. */
export interface DpmSolverMultistepOptions {
  /** 1 to 3; for the SDE algorithms without `++`, 1 or 2. */
  readonly order?: number | undefined;
  /** Which equation is solved, and whether the model's x0 (`++`) or eps is extrapolated. */
  readonly algorithm?: DpmAlgorithm | undefined;
  /** How second order is reached. */
  readonly solverType?: DpmSolverType | undefined;
  /** Lower the order in the last steps of runs of fewer than 15: more stable. */
  readonly lowerOrderFinal?: boolean | undefined;
  /** Always end with a first-order step. */
  readonly eulerAtFinal?: boolean | undefined;
  /** How stochastic `sde-dpmsolver++` is: 1 follows the reverse SDE, 0 the ODE. */
  readonly eta?: number | undefined;
}

/**
 * DPM-Solver and DPM-Solver++, multistep: exponential integrators that extrapolate from earlier
 * model calls. The last step is of first order if it ends at `sigma = 0`.
 *
 * ```text
 * dpmsolver++      x_t = (sigma_t/sigma_s)·x + alpha_t·(1 - e^-h)·(x0 + D1/2)
 * dpmsolver        x_t = (alpha_t/alpha_s)·x - sigma_t·(e^h - 1)·(eps + D1/2)
 * sde-dpmsolver++  x_t = (sigma_t/sigma_s)·e^(-eta·h)·x + alpha_t·(1 - e^(-(1 + eta)·h))·(x0 + D1/2)
 *                        + sigma_t·√(1 - e^(-2·eta·h))·z
 * sde-dpmsolver    x_t = (alpha_t/alpha_s)·x - 2·sigma_t·(e^h - 1)·(eps + D1/2)
 *                        + sigma_t·√(e^(2h) - 1)·z
 * D1 = (x0 - x0[-1]) / r or (eps - eps[-1]) / r, r = (lambda_s - lambda_s[-1]) / h; order 1: D1 = 0
 * order 3 of dpmsolver++
 *   x_t = (sigma_t/sigma_s)·x
 *         + alpha_t·((1 - e^-h)·x0 + ((e^-h - 1)/h + 1)·D1 - ((e^-h - 1 + h)/h² - 1/2)·D2)
 * ```
 *
 * Lu et al. (2022), https://arxiv.org/abs/2206.00927 and https://arxiv.org/abs/2211.01095,
 * algorithm 2 and appendices A and B.
 *
 * @param options The order, the equation, and where the order falls.
 * @returns The solver.
 * @throws {RangeError} if the algorithm does not have the order.
 *
 * @example 2M
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
  const vector = algorithm.endsWith("++") ? "x0" : "eps";
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
      const terms: Record<string, number> = { x, [vector]: first };
      const h = lambda(t) - lambda(s);
      // 2M: x_t = (sigma_t/sigma_s)·x + alpha_t·(1 - e^-h)·(x0 + (x0 - x0[-1]) / (2r))
      if (used === 2) {
        const r = (lambda(s) - lambda(levels[i - 1]!)) / h;
        terms[vector] = first + second / r; // D1 = (m0 - m1) / r0
        terms[slotOf(vector, 1)] = -second / r;
      } else if (used === 3) {
        const r0 = (lambda(s) - lambda(levels[i - 1]!)) / h;
        const r1 = (lambda(levels[i - 1]!) - lambda(levels[i - 2]!)) / h;
        // D1 = d0 + r0 (d0 - d1) / (r0 + r1) and D2 = (d0 - d1) / (r0 + r1), with
        // d0 = (m0 - m1) / r0 and d1 = (m1 - m2) / r1; gathered by d0 and d1:
        const d0 = (second * (1 + r0 / (r0 + r1)) + third / (r0 + r1)) / r0;
        const d1 = -(second * r0 + third) / (r0 + r1) / r1;
        terms[vector] = first + d0;
        terms[slotOf(vector, 1)] = d1 - d0;
        terms[slotOf(vector, 2)] = -d1;
      }
      return {
        level: s,
        x: noise === undefined ? { terms } : { terms, noise, interval: span(s, t) },
      };
    });
  };
}
