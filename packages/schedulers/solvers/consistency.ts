import { intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";

/**
 * Multistep consistency sampling: jump to clean data, and diffuse that to the next level.
 *
 * ```text
 * x_t = alpha_t·x0 + √(sigma_t² - floor²)·z
 * ```
 *
 * Song et al. (2023), https://arxiv.org/abs/2303.01469, algorithm 1. `floor` is the sigma that the
 * model takes for clean, its `sigma_min`: that much noise is already in what it returns. On flow
 * levels it is the flow-matching LCM.
 *
 * @param options The sigma that counts as clean, and what scales the noise.
 * @returns The solver.
 *
 * @example A step to sigma 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { consistencySampling, edmSchedule } from "@shum/schedulers";
 * const levels = [5, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(consistencySampling()(levels, edmSchedule())[0]!.x, { terms: { x0: 1 }, noise: 1 });
 * ```
 */
export function consistencySampling(
  { floor = 0, noiseScale = 1 }: { floor?: number | undefined; noiseScale?: number | undefined } =
    {},
): Solver {
  return (levels, _schedule, begin) =>
    intervals(levels, begin).map(([s, t]) => {
      const sigma = Math.max(t.sigma, floor);
      const noise = noiseScale * Math.sqrt(sigma ** 2 - floor ** 2);
      return { level: s, x: { terms: { x0: t.alpha }, noise } };
    });
}
