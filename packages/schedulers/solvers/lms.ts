import { integrate, lagrange } from "../_quadrature.ts";
import { intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";
import { distinct, past } from "./_history.ts";

/**
 * Linear multistep: the slope is a polynomial in the Karras sigma through the last slopes.
 *
 * Crowson, k-diffusion, `sample_lms`: Adams-Bashforth with variable steps; Hairer, Nørsett &
 * Wanner, Solving Ordinary Differential Equations I, section III.5. Throws a `RangeError` for
 * orders below 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmSchedule, lms } from "@shum/schedulers";
 * const levels = [3, 2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const { eps, ...rest } = lms({ order: 2 })(levels, edmSchedule())[1]!.x.terms;
 * assertEquals([eps?.toFixed(9), rest["eps[-1]"]?.toFixed(9)], ["-1.500000000", "0.500000000"]);
 * ```
 */
export function lms({ order = 4 }: { order?: number } = {}): Solver {
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
