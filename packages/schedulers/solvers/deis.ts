import { integrate, lagrange } from "../_quadrature.ts";
import { intervals, lambda } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";
import { distinct, past } from "./_history.ts";

/**
 * DEIS: an exponential integrator whose noise is a polynomial in `log(sigma / alpha)`.
 *
 * ```text
 * x_t = (alpha_t/alpha_s)·x + alpha_t·Σ c_j·eps[-j]
 * c_j = ∫ l_j(log rho) drho from rho_s to rho_t, rho = sigma/alpha, l_j Lagrange's polynomials
 * ```
 *
 * Zhang & Chen (2023), https://arxiv.org/abs/2204.13902, eq. 12 to 15, variant "log rho AB". Runs
 * of fewer than 15 steps end in lower orders, unless `lowerOrderFinal` is false.
 *
 * @param options The order, and whether it falls at the end.
 * @returns The solver.
 * @throws {RangeError} if the order is not 1 to 3.
 *
 * @example A constant slope is followed exactly
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { deis, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 3, 2, 1].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const { x, eps = 0, ...rest } = deis()(levels, edmSchedule())[1]!.x.terms;
 * assertEquals(x, 1);
 * assertAlmostEquals(eps + rest["eps[-1]"]!, -1); // a constant slope is followed exactly
 * ```
 */
export function deis(
  { order = 2, lowerOrderFinal = true }: {
    order?: number | undefined;
    lowerOrderFinal?: boolean | undefined;
  } = {},
): Solver {
  if (!(Number.isInteger(order) && order >= 1 && order <= 3)) {
    throw new RangeError(`Cannot make DEIS: solver_order is ${order}; expected 1 to 3`);
  }
  return (levels, _schedule, begin = 0) => {
    const last = levels.length - 2;
    return intervals(levels, begin).map(([s, t, i]) => {
      const few = lowerOrderFinal && last + 1 < 15;
      const most = few ? Math.min(order, last - i + 1) : order;
      const used = t.sigma === 0 ? 1 : distinct(levels, i, begin, most);
      const scale = t.alpha / s.alpha;
      const nodes = Array.from({ length: used }, (_, j) => -lambda(levels[i - j]!)); // log ρ
      const weights = used === 1 ? [t.sigma - s.sigma * scale] : nodes.map((_, j) =>
        t.alpha * // ∫ l_j(log ρ) dρ with ρ = e^u
        integrate((u) => Math.exp(u) * lagrange(nodes, j, u), -lambda(s), -lambda(t))
      );
      return { level: s, x: { terms: { x: scale, ...past("eps", weights) } } };
    });
  };
}
