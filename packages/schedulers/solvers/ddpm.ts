import { intervals, type NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import type { Combination, Solver } from "../plan/plan.ts";

/** Names of diffusers' `variance_type`. */
export type VarianceType =
  | "fixed_small"
  | "fixed_small_log"
  | "fixed_large"
  | "fixed_large_log"
  | "learned"
  | "learned_range";

/** The variance that the step between two levels adds, in VP scaling. */
export type StepBeta = (s: NoiseLevel, t: NoiseLevel, schedule: NoiseSchedule) => number;

/**
 * A step's beta from `alpha²`, rounded as PyTorch rounds it in single precision. Near clean data
 * that rounding is a part in a thousand, which samplers then carry along.
 *
 * @param s The level at the start.
 * @param t The level at the end.
 * @returns The beta, from 0 to 1.
 *
 * @example Half of the signal
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { singleBeta } from "@shum/schedulers";
 * const s = { t: 1, alpha: Math.sqrt(0.5), sigma: Math.sqrt(0.5) };
 * assertAlmostEquals(singleBeta(s, { t: 0, alpha: 1, sigma: 0 }), 0.5);
 * ```
 */
export function singleBeta(s: NoiseLevel, t: NoiseLevel): number {
  return Math.fround(1 - Math.fround(Math.fround(s.alpha ** 2) / Math.fround(t.alpha ** 2)));
}

/**
 * Ancestral sampling: each step draws from the posterior `q(x_t | x_s, x0)`.
 *
 * ```text
 * x_t = (alpha_t·b / sigma_s²)·x0 + (a·sigma_t² / sigma_s²)·x + √v·z
 * a = alpha_s / alpha_t, b = sigma_s² - a²·sigma_t²
 * v = (sigma_t / sigma_s)²·b if the variance is small, b if it is large
 * ```
 *
 * Ho et al. (2020), https://arxiv.org/abs/2006.11239, eq. 7 and section 3.2. The small variance is
 * that posterior's; the large one is beta. `learned` takes the variance from the model, and
 * `learned_range` interpolates between the two in the logarithm: Nichol & Dhariwal (2021),
 * https://arxiv.org/abs/2102.09672, eq. 15. No noise is added in a step that starts at timestep 0.
 * `beta` overrides the variance of a step, for models sampled in single precision;
 * without `finalNoise` the last step adds none either.
 *
 * @param options Which variance is drawn, whether the last step draws too, and what replaces beta.
 * @returns The solver.
 *
 * @example A step from sigma 2 to 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ddpm, edmSchedule } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const [first] = ddpm()(levels, edmSchedule());
 * assertEquals(first!.x, { terms: { x0: 0.75, x: 0.25 }, noise: Math.sqrt(0.75) });
 * ```
 */
export function ddpm(
  { variance = "fixed_small", beta, finalNoise = true }: {
    variance?: VarianceType | undefined;
    beta?: StepBeta | undefined;
    finalNoise?: boolean | undefined;
  } = {},
): Solver {
  return (levels, schedule, begin) =>
    intervals(levels, begin).map(([s, t, i]) => {
      const a = s.alpha / t.alpha; // √α of the step
      const b = beta?.(s, t, schedule) ?? s.sigma ** 2 - (a * t.sigma) ** 2; // β of the step
      const terms = {
        x0: (t.alpha * b) / s.sigma ** 2,
        x: (a * t.sigma ** 2) / s.sigma ** 2,
      };
      const last = i === levels.length - 2;
      if (s.t <= 0 || (last && !finalNoise)) return { level: s, x: { terms } };
      return { level: s, x: { terms, noise: deviation(variance, s, t, b) } };
    });
}

function deviation(
  variance: VarianceType,
  s: NoiseLevel,
  t: NoiseLevel,
  b: number,
): NonNullable<Combination["noise"]> {
  const small = Math.sqrt(Math.max((t.sigma / s.sigma) ** 2 * b, 1e-20)); // β̃, eq. 7
  const large = Math.sqrt(b);
  switch (variance) {
    case "fixed_small":
    case "fixed_small_log":
      return small;
    case "fixed_large":
    case "fixed_large_log":
      return large;
    case "learned":
      return "learned";
    case "learned_range":
      return { low: small, high: large };
  }
}
