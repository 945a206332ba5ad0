import { decay, intervals, lambda } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { span } from "./_dpm_solver.ts";

/**
 * DPM2 to below each level, then noise back up to it: k-diffusion's "DPM2 a".
 *
 * ```text
 * x_m = alpha_m·x0 + sigma_m·eps, lambda_m = (lambda_s + lambda_d)/2
 * x_t = x + (alpha_t - alpha_s)·x0_m + (sigma_d - sigma_s)·eps_m + n·z
 * sigma_d = √(sigma_t² - n²), n = eta·sigma_t·√(1 - e^(-2h))
 * ```
 *
 * Crowson, k-diffusion, `sample_dpm_2_ancestral`; see {@linkcode dpm2} and, for `eta`,
 * {@linkcode eulerAncestral}.
 *
 * @param options How stochastic, from 0 to 1.
 * @returns The solver.
 *
 * @example Noise at the second call of a step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpm2Ancestral, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 2, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const noises = dpm2Ancestral()(levels, edmSchedule()).map(({ x }) => x.noise);
 * assertEquals(noises, [undefined, Math.sqrt(3), undefined]);
 * ```
 */
export function dpm2Ancestral({ eta = 1 }: { eta?: number | undefined } = {}): Solver {
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
