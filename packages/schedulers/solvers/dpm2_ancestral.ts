import { decay, intervals, lambda } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { span } from "./_dpm_solver.ts";

/**
 * DPM2 to below each level, then noise back up to it: k-diffusion's "DPM2 a".
 *
 * Crowson, k-diffusion, `sample_dpm_2_ancestral`; see {@linkcode dpm2} and, for `eta`,
 * {@linkcode eulerAncestral}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpm2Ancestral, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 2, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const noises = dpm2Ancestral()(levels, edmSchedule()).map(({ x }) => x.noise);
 * assertEquals(noises, [undefined, Math.sqrt(3), undefined]);
 * ```
 */
export function dpm2Ancestral({ eta = 1 }: { eta?: number } = {}): Solver {
  return (levels, schedule, begin) =>
    intervals(levels, begin).flatMap(([s, t]): Step[] => {
      if (t.sigma === 0) return [{ level: s, x: { terms: { x0: t.alpha, eps: t.sigma } } }];
      const noise = eta * t.sigma * Math.sqrt(1 - decay(s, t) ** 2);
      const down = { t: t.t, alpha: t.alpha, sigma: Math.sqrt(t.sigma ** 2 - noise ** 2) };
      const m = schedule.atLambda((lambda(s) + lambda(down)) / 2);
      const terms = { "x[-1]": 1, x0: down.alpha - s.alpha, eps: down.sigma - s.sigma };
      return [
        { level: s, x: { terms: { x0: m.alpha, eps: m.sigma } } },
        { level: m, x: { terms, noise, interval: span(s, t) } },
      ];
    });
}
