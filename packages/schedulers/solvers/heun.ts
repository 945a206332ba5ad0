import { intervals } from "../noise_level.ts";
import type { Solver, Step } from "../plan.ts";
import { type Churn, raise } from "./churn.ts";

/**
 * Heun's method: an Euler step, corrected by the slope at its end. Two model calls per interval, one
 * in the last if that ends at `sigma = 0`.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, algorithm 1; `churn` as in
 * {@linkcode euler}.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmSchedule, heun } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(heun()(levels, edmSchedule()).map(({ x }) => x.terms), [
 *   { x: 1, eps: -1 },
 *   { "x[-1]": 1, "eps[-1]": -0.5, eps: -0.5 },
 *   { x: 1, eps: -1 },
 * ]);
 * ```
 */
export function heun({ churn }: { churn?: Churn | undefined } = {}): Solver {
  return (levels, _schedule, begin) =>
    intervals(levels, begin).flatMap(([s, t]): Step[] => {
      const raised = churn && raise(s, churn, levels.length - 1);
      const scale = t.alpha / s.alpha;
      const d = t.sigma - (raised?.level ?? s).sigma * scale;
      const terms = { x: scale, eps: d };
      const first: Step = raised ? { level: s, raised, x: { terms } } : { level: s, x: { terms } };
      if (t.sigma === 0) return [first];
      const x = { terms: { "x[-1]": scale, "eps[-1]": d / 2, eps: d / 2 } };
      return [first, { level: t, x }];
    });
}
