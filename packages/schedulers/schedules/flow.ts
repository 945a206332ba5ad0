import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";

/**
 * Rectified flow: a straight line from data to noise, `alpha = 1 - sigma`; `t`, the time input
 * of the network, is `length·sigma`.
 *
 * Liu et al. (2023), https://arxiv.org/abs/2209.03003, eq. 1.
 *
 * @param options How many training timesteps there are; 1000 by default.
 * @returns The schedule.
 *
 * @example A quarter of the way
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flowSchedule } from "@shum/schedulers";
 * assertEquals(flowSchedule().at(250), { t: 250, alpha: 0.75, sigma: 0.25 });
 * ```
 */
export function flowSchedule(
  { length = 1000 }: { length?: number | undefined } = {},
): NoiseSchedule {
  const of = (sigma: number): NoiseLevel => ({ t: sigma * length, alpha: 1 - sigma, sigma });
  return {
    length,
    at: (t) => ({ ...of(t / length), t }),
    atLambda: (lambda) => of(1 / (1 + Math.exp(lambda))),
  };
}

/**
 * Moves a flow sigma towards noise, for larger images: `s·sigma / (1 + (s - 1)·sigma)`.
 *
 * Esser et al. (2024), https://arxiv.org/abs/2403.03206, eq. 23.
 *
 * @param sigma A flow sigma, from 0 to 1.
 * @param shift How far; 1 leaves it where it is.
 * @returns The shifted sigma, from 0 to 1.
 *
 * @example The middle, shifted by 3
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shiftSigma } from "@shum/schedulers";
 * assertEquals(shiftSigma(0.5, 3), 0.75);
 * ```
 */
export function shiftSigma(sigma: number, shift: number): number {
  return (shift * sigma) / (1 + (shift - 1) * sigma);
}

/**
 * Moves a flow sigma by `mu`, which depends on the image's size: {@linkcode dynamicShift}.
 *
 * `exponential` is {@linkcode shiftSigma} with `s = e^mu`; `linear`, with `s = mu`. Black Forest
 * Labs (2024), FLUX.1's sampling code.
 *
 * @param sigma A flow sigma, from 0 to 1.
 * @param mu How far.
 * @param type How `mu` is read.
 * @returns The shifted sigma, from 0 to 1.
 *
 * @example The middle, and the end
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { timeShift } from "@shum/schedulers";
 * assertEquals(timeShift(0.5, 3, "linear"), 0.75);
 * assertEquals(timeShift(0, 3, "linear"), 0);
 * ```
 */
export function timeShift(sigma: number, mu: number, type: "exponential" | "linear"): number {
  const s = type === "exponential" ? Math.exp(mu) : mu;
  return sigma === 0 ? 0 : s / (s + (1 / sigma - 1));
}

/**
 * `mu` for an image of `tokens` tokens (for FLUX and SD 3: height/16 · width/16), linear between
 * the two resolutions that a model was tuned at.
 *
 * @param tokens How many tokens the image has.
 * @param options The two resolutions, in tokens, and `mu` at each.
 * @returns `mu`.
 *
 * @example FLUX's resolutions
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { dynamicShift } from "@shum/schedulers";
 * assertAlmostEquals(dynamicShift(1024), 0.63);
 * assertAlmostEquals(dynamicShift(4096), 1.15);
 * ```
 */
export function dynamicShift(
  tokens: number,
  { baseTokens = 256, maxTokens = 4096, baseShift = 0.5, maxShift = 1.15 }: {
    baseTokens?: number | undefined;
    maxTokens?: number | undefined;
    baseShift?: number | undefined;
    maxShift?: number | undefined;
  } = {},
): number {
  return baseShift + ((maxShift - baseShift) * (tokens - baseTokens)) / (maxTokens - baseTokens);
}

/**
 * Stretches flow sigmas so that the last one is `terminal`.
 *
 * HaCohen et al. (2024), https://arxiv.org/abs/2501.00103 (LTX-Video), their code.
 *
 * @param sigmas Flow sigmas, descending.
 * @param terminal What the last shall be.
 * @returns The stretched sigmas.
 *
 * @example From 1 to 0.1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { stretchToTerminal } from "@shum/schedulers";
 * const [first, last] = stretchToTerminal([1, 0.5], 0.1);
 * assertAlmostEquals(first!, 1);
 * assertAlmostEquals(last!, 0.1);
 * ```
 */
export function stretchToTerminal(sigmas: readonly number[], terminal: number): number[] {
  const last = sigmas[sigmas.length - 1] ?? 0;
  const scale = (1 - last) / (1 - terminal);
  return sigmas.map((sigma) => 1 - (1 - sigma) / scale);
}
