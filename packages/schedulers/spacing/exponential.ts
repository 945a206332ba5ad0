import { linspace } from "../_numeric.ts";
import type { SigmaRange } from "./karras.ts";

/**
 * Sigmas evenly spaced in their logarithm, descending; hence also evenly in lambda, which is what
 * Lu et al. (2022), https://arxiv.org/abs/2211.01095, section 6, use (diffusers: `use_lu_lambdas`).
 *
 * @param steps How many.
 * @param options The largest and the smallest sigma.
 * @returns The sigmas, `max` first.
 *
 * @example The middle of three
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { exponentialSigmas } from "@shum/schedulers";
 * assertAlmostEquals(exponentialSigmas(3, { min: 0.01, max: 1 })[1]!, 0.1);
 * ```
 */
export function exponentialSigmas(steps: number, { min, max }: SigmaRange): number[] {
  return linspace(Math.log(max), Math.log(min), steps).map(Math.exp);
}
