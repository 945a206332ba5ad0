import { intervals } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";

const f32 = Math.fround;

/**
 * Trajectory consistency sampling: a deterministic jump to below the next timestep, then noise up
 * to it. The last step adds none.
 *
 * ```text
 * x_t = alpha_t·x0 + (alpha_t/alpha_b)·sigma_b·eps + √(sigma_t² - (alpha_t·sigma_b/alpha_b)²)·z
 * b the level of timestep ⌊(1 - eta)·t⌋
 * ```
 *
 * Zheng et al. (2024), https://arxiv.org/abs/2402.19159, algorithm 4, "gamma sampling"; `eta` is
 * their gamma: 0 is deterministic, 1 is multistep consistency sampling.
 *
 * @param options How stochastic, from 0 to 1.
 * @returns The solver.
 *
 * @example Without noise
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flowSchedule, tcd } from "@shum/schedulers";
 * const schedule = flowSchedule();
 * const levels = [1000, 500, 0].map((t) => schedule.at(t));
 * assertEquals(tcd({ eta: 0 })(levels, schedule)[0]!.x, { terms: { x0: 0.5, eps: 0.5 } });
 * ```
 */
export function tcd({ eta = 0.3 }: { eta?: number | undefined } = {}): Solver {
  return (levels, schedule, begin) =>
    intervals(levels, begin).map(([s, t, i]) => {
      if (eta === 0 || i === levels.length - 2) {
        return { level: s, x: { terms: { x0: t.alpha, eps: t.sigma } } };
      }
      // in single precision, as torch multiplies: 0.7 of timestep 700 is 490, not 489
      const below = schedule.at(Math.floor(f32(f32(1 - eta) * t.t)));
      const scale = t.alpha / below.alpha;
      const terms = { x0: t.alpha, eps: scale * below.sigma };
      const noise = Math.sqrt(t.sigma ** 2 - (scale * below.sigma) ** 2);
      return { level: s, x: { terms, noise } };
    });
}
