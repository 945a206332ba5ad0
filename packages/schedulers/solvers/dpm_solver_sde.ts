import { decay, intervals, lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { Combination, Solver, Step } from "../plan/plan.ts";
import { span } from "./_dpm_solver.ts";

/**
 * DPM-Solver++ (SDE): a stochastic step to the middle of the interval, in log sigma, whose x0
 * carries a stochastic step over all of it.
 *
 * ```text
 * x_m = (d_m/sigma_s)·x + (alpha_m - alpha_s·d_m/sigma_s)·x0 + n_m·z
 * x_t = (d_t/sigma_s)·x + (alpha_t - alpha_s·d_t/sigma_s)·x0_m + n_t·z
 * n_m = eta·sigma_m·√(1 - e^(-2(lambda_m - lambda_s))), d_m = √(sigma_m² - n_m²), and so for t
 * ```
 *
 * Lu et al. (2022), https://arxiv.org/abs/2211.01095, section 5, as in k-diffusion's
 * `sample_dpmpp_sde` with r = 1/2. The two draws of a step span overlapping intervals: give the run
 * a Brownian path. The last step is Euler's if it ends at `sigma = 0`.
 *
 * @param options How stochastic, from 0 to 1, and what scales the noise.
 * @returns The solver.
 *
 * @example Two draws that overlap
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpmSolverSde, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = dpmSolverSde()(levels, edmSchedule());
 * assertEquals(steps.map(({ x }) => x.interval?.map((l) => l.toFixed(3))), [
 *   ["-1.386", "-0.693"], ["-1.386", "0.000"], undefined,
 * ]);
 * ```
 */
export function dpmSolverSde(
  { eta = 1, noiseScale = 1 }: { eta?: number | undefined; noiseScale?: number | undefined } = {},
): Solver {
  /** From `x` of `ago` calls ago at `s` to `t`, by the x0 of this call. */
  const step = (s: NoiseLevel, t: NoiseLevel, ago: 0 | 1): Combination => {
    const up = eta * t.sigma * Math.sqrt(1 - decay(s, t) ** 2);
    const down = Math.sqrt(t.sigma ** 2 - up ** 2) / s.sigma;
    const terms = { [ago ? "x[-1]" : "x"]: down, x0: t.alpha - down * s.alpha };
    return { terms, noise: up * noiseScale, interval: span(s, t) };
  };
  return (levels, schedule, begin) =>
    intervals(levels, begin).flatMap(([s, t]): Step[] => {
      if (t.sigma === 0) return [{ level: s, x: { terms: { x0: t.alpha } } }];
      const m = schedule.atLambda((lambda(s) + lambda(t)) / 2);
      return [{ level: s, x: step(s, m, 0) }, { level: m, x: step(s, t, 1) }];
    });
}
