import { intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";

/**
 * Latent consistency sampling: {@linkcode consistencySampling} with a boundary condition in the
 * timestep, so that the model's answer at timestep 0 is its input.
 *
 * ```text
 * x_t = alpha_t·(c_skip·x + c_out·x0) + sigma_t·z
 * c_skip = d² / (tau² + d²), c_out = tau / √(tau² + d²), d = 0.5, tau = timestepScaling·timestep
 * ```
 *
 * Luo et al. (2023), https://arxiv.org/abs/2310.04378, algorithm 3 and eq. 9, with the scalings of
 * Song et al. (2023), https://arxiv.org/abs/2303.01469, appendix C, of `timestepScaling` times the
 * timestep. The last step adds no noise.
 *
 * @param options What the timestep is multiplied by, 10 by default.
 * @returns The solver.
 *
 * @example No noise in the last step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flowSchedule, lcm } from "@shum/schedulers";
 * const schedule = flowSchedule();
 * const levels = [1000, 500, 0].map((t) => schedule.at(t));
 * assertEquals(lcm()(levels, schedule).map(({ x }) => x.noise), [0.5, undefined]);
 * ```
 */
export function lcm(
  { timestepScaling = 10 }: { timestepScaling?: number | undefined } = {},
): Solver {
  const data = 0.5; // σ_data
  return (levels, _schedule, begin) =>
    intervals(levels, begin).map(([s, t, i]) => {
      const tau = timestepScaling * s.t;
      const cSkip = data ** 2 / (tau ** 2 + data ** 2);
      const cOut = tau / Math.hypot(tau, data);
      if (i === levels.length - 2) return { level: s, x: { terms: { x0: cOut, x: cSkip } } };
      const terms = { x0: t.alpha * cOut, x: t.alpha * cSkip };
      return { level: s, x: { terms, noise: t.sigma } };
    });
}
