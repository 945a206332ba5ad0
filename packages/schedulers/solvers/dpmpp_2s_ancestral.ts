import { decay, intervals, lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { span } from "./_dpm_solver.ts";

/**
 * DPM-Solver++(2S) to below each level, then noise back up to it: k-diffusion's "DPM++ 2S a".
 *
 * ```text
 * x_m = (sigma_m/sigma_s)·x + alpha_m·(1 - e^(-k/2))·x0
 * x_t = (sigma_d/sigma_s)·x + alpha_t·(1 - e^-k)·x0_m + n·z
 * sigma_d = √(sigma_t² - n²), n = eta·sigma_t·√(1 - e^(-2h))
 * k = lambda_d - lambda_s, lambda_m = lambda_s + k/2
 * ```
 *
 * Lu et al. (2022), https://arxiv.org/abs/2211.01095, algorithm 1 with r = 1/2, in k-diffusion's
 * `sample_dpmpp_2s_ancestral`. Two model calls per interval; the last is Euler's if it ends at
 * `sigma = 0`. `eta` 0 gives the deterministic algorithm.
 *
 * @param options How stochastic, from 0 to 1.
 * @returns The solver.
 *
 * @example Without noise
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpmpp2sAncestral, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 2, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = dpmpp2sAncestral({ eta: 0 })(levels, edmSchedule());
 * assertEquals(steps[1]!.x.terms, { "x[-1]": 0.5, x0: 0.5 });
 * ```
 */
export function dpmpp2sAncestral({ eta = 1 }: { eta?: number | undefined } = {}): Solver {
  return (levels, schedule, begin) =>
    intervals(levels, begin).flatMap(([s, t]): Step[] => {
      const noise = eta * t.sigma * Math.sqrt(1 - decay(s, t) ** 2);
      const down: NoiseLevel = { ...t, sigma: Math.sqrt(t.sigma ** 2 - noise ** 2) };
      if (down.sigma === 0) return [{ level: s, x: { terms: { x0: t.alpha }, noise } }];
      const m = schedule.atLambda((lambda(s) + lambda(down)) / 2);
      const half = { x: m.sigma / s.sigma, x0: m.alpha * (1 - decay(s, m)) };
      const terms = { "x[-1]": down.sigma / s.sigma, x0: t.alpha * (1 - decay(s, down)) };
      const x = eta === 0 ? { terms } : { terms, noise, interval: span(s, t) };
      return [{ level: s, x: { terms: half } }, { level: m, x }];
    });
}
