import { integrate, lagrange } from "../_quadrature.ts";
import { intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";
import { distinct, past } from "./_history.ts";

/**
 * Linear multistep: the slope is a polynomial in the Karras sigma through the last slopes.
 *
 * ```text
 * x_t = (alpha_t/alpha_s)·x + alpha_t·Σ c_j·eps[-j]
 * c_j = ∫ l_j(rho) drho from rho_s to rho_t, rho = sigma/alpha, l_j Lagrange's polynomials
 * ```
 *
 * Crowson, k-diffusion, `sample_lms`: Adams-Bashforth with variable steps; Hairer, Nørsett &
 * Wanner, Solving Ordinary Differential Equations I, section III.5.
 *
 * @param options The number of slopes, 4 by default.
 * @returns The solver.
 * @throws {RangeError} if the order is below 1.
 *
 * @example Two slopes
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmSchedule, lms } from "@shum/schedulers";
 * const levels = [3, 2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const { eps, ...rest } = lms({ order: 2 })(levels, edmSchedule())[1]!.x.terms;
 * assertEquals([eps?.toFixed(9), rest["eps[-1]"]?.toFixed(9)], ["-1.500000000", "0.500000000"]);
 * ```
 */
export function lms({ order = 4 }: { order?: number | undefined } = {}): Solver {
  if (!(Number.isInteger(order) && order >= 1)) {
    throw new RangeError(`Cannot make LMS: order is ${order}; expected a whole number above 0`);
  }
  return (levels, _schedule, begin = 0) =>
    intervals(levels, begin).map(([s, t, i]) => {
      const used = distinct(levels, i, begin, order);
      const nodes = Array.from({ length: used }, (_, j) => {
        const { alpha, sigma } = levels[i - j]!;
        return sigma / alpha;
      });
      const weights = nodes.map((_, j) =>
        t.alpha * integrate((tau) => lagrange(nodes, j, tau), s.sigma / s.alpha, t.sigma / t.alpha)
      );
      return { level: s, x: { terms: { x: t.alpha / s.alpha, ...past("eps", weights) } } };
    });
}
