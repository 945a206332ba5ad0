import { intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";
import { ADAMS_BASHFORTH, past } from "./_history.ts";

/**
 * iPNDM: PNDM without its warm-up; orders rise with the history instead.
 *
 * ```text
 * x_t = (alpha_t/alpha_s)·x + (sigma_t - sigma_s·alpha_t/alpha_s)·e
 * e = (55·eps - 59·eps[-1] + 37·eps[-2] - 9·eps[-3]) / 24, with fewer terms while there are fewer
 * ```
 *
 * Zhang & Chen (2023), https://arxiv.org/abs/2204.13902, appendix C, who found the warm-up of
 * Liu et al. (2022) unneeded. At `alpha = 0` the noise says nothing about the data, which is taken
 * to be 0, as in diffusers.
 *
 * @param options How many outputs are used, 4 by default.
 * @returns The solver.
 *
 * @example The second step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmSchedule, ipndm } from "@shum/schedulers";
 * const levels = [3, 2, 1].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(ipndm()(levels, edmSchedule())[1]!.x.terms, { x: 1, eps: -1.5, "eps[-1]": 0.5 });
 * ```
 */
export function ipndm({ order = 4 }: { order?: number | undefined } = {}): Solver {
  return (levels, _schedule, begin = 0) =>
    intervals(levels, begin).map(([s, t, i]) => {
      const weights = ADAMS_BASHFORTH[Math.min(i - begin + 1, order, 4)]!;
      const scale = s.alpha === 0 ? 0 : t.alpha / s.alpha;
      const d = t.sigma - s.sigma * scale;
      return { level: s, x: { terms: { x: scale, ...past("eps", weights.map((w) => d * w)) } } };
    });
}
