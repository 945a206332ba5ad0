import { decay, intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";

/**
 * DDIM. `eta` 0 is deterministic; 1 is DDPM with the small variance, and Euler ancestral.
 *
 * ```text
 * x_t = alpha_t·x0 + √(sigma_t² - n²)·eps + n·z
 * n = eta·sigma_t·√(1 - e^(-2h))
 * ```
 *
 * Song et al. (2021), https://arxiv.org/abs/2010.02502, eq. 12 and 16. Being covariant in
 * `(alpha, sigma)`, it is Euler's method on VE levels and flow-matching Euler on flow levels. The
 * levels may ascend: then it inverts an image, and `eta` must be 0.
 *
 * @param options How stochastic, from 0 to 1.
 * @returns The solver.
 *
 * @example A step from sigma 2 to 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ddim, edmSchedule } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(ddim()(levels, edmSchedule())[0]!.x, { terms: { x0: 1, eps: 1 } });
 * ```
 */
export function ddim({ eta = 0 }: { eta?: number | undefined } = {}): Solver {
  return (levels, _schedule, begin) =>
    intervals(levels, begin).map(([s, t]) => {
      if (eta === 0) return { level: s, x: { terms: { x0: t.alpha, eps: t.sigma } } };
      const noise = eta * t.sigma * Math.sqrt(1 - decay(s, t) ** 2); // σ_t(η), eq. 16
      const direction = Math.sqrt(t.sigma ** 2 - noise ** 2);
      return { level: s, x: { terms: { x0: t.alpha, eps: direction }, noise } };
    });
}
