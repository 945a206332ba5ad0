import type { Solver } from "../plan/plan.ts";
import { ddim } from "./ddim.ts";

/**
 * Euler steps to below each level, then noise back up to it: k-diffusion's "Euler a".
 *
 * ```text
 * x_t = alpha_t·x0 + √(sigma_t² - n²)·eps + n·z
 * n = eta·sigma_t·√(1 - e^(-2h))
 * ```
 *
 * Crowson, k-diffusion, `sample_euler_ancestral`, which is {@linkcode ddim} with the same `eta`, in
 * any scaling: Song et al. (2021), https://arxiv.org/abs/2010.02502, appendix D.3.
 *
 * @param options How stochastic, from 0 to 1.
 * @returns The solver.
 *
 * @example It is DDIM with eta 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ddim, edmSchedule, eulerAncestral } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const schedule = edmSchedule();
 * assertEquals(eulerAncestral()(levels, schedule), ddim({ eta: 1 })(levels, schedule));
 * ```
 */
export function eulerAncestral({ eta = 1 }: { eta?: number | undefined } = {}): Solver {
  return ddim({ eta });
}
