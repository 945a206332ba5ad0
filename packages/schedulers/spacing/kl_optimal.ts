import { linspace } from "../_numeric.ts";
import type { SigmaRange } from "./karras.ts";

/**
 * Sigmas evenly spaced in their arctangent, descending.
 *
 * Sabour et al. (2024), https://arxiv.org/abs/2404.14507, theorem 3.1: optimal for Gaussian data of
 * variance 1.
 *
 * @param steps How many.
 * @param options The largest and the smallest sigma.
 * @returns The sigmas, `max` first.
 *
 * @example The middle of three
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { klOptimalSigmas } from "@shum/schedulers";
 * assertAlmostEquals(klOptimalSigmas(3, { min: 0, max: 1 })[1]!, Math.tan(Math.PI / 8));
 * ```
 */
export function klOptimalSigmas(steps: number, { min, max }: SigmaRange): number[] {
  return linspace(Math.atan(max), Math.atan(min), steps).map(Math.tan);
}
