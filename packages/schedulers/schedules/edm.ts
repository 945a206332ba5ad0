import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";

/**
 * Karras et al.'s process, `x = x0 + sigma·eps`; `t`, the time input of the network, is
 * `log(sigma) / 4`.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, table 1.
 *
 * @param options How many training timesteps there are; 1000 by default.
 * @returns The schedule.
 *
 * @example The level at lambda -1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { edmSchedule } from "@shum/schedulers";
 * const { t, sigma } = edmSchedule().atLambda(-1);
 * assertAlmostEquals(sigma, Math.E);
 * assertAlmostEquals(t, 0.25);
 * ```
 */
export function edmSchedule(
  { length = 1000 }: { length?: number | undefined } = {},
): NoiseSchedule {
  return {
    length,
    at: (t) => edmLevel(Math.exp(4 * t), t),
    atLambda: (l) => edmLevel(Math.exp(-l)),
  };
}

/**
 * The level of one Karras sigma; `t` is what the model is told, by default `log(sigma) / 4`.
 *
 * @param sigma The Karras sigma.
 * @param t What the model is told.
 * @returns The level, with `alpha = 1`.
 *
 * @example Sigma 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edmLevel } from "@shum/schedulers";
 * assertEquals(edmLevel(1), { t: 0, alpha: 1, sigma: 1 });
 * ```
 */
export function edmLevel(sigma: number, t: number = Math.log(sigma) / 4): NoiseLevel {
  return { t, alpha: 1, sigma };
}
