import { linspace } from "../_numeric.ts";

/** The ends of a sigma table. */
export interface SigmaRange {
  /** The smallest sigma. */
  readonly min: number;
  /** The largest sigma. */
  readonly max: number;
}

/**
 * Sigmas evenly spaced in their `rho`-th root, descending.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, eq. 5.
 *
 * @param steps How many.
 * @param options The largest and the smallest sigma, and `rho`.
 * @returns The sigmas, `max` first.
 *
 * @example Three of EDM's
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { karrasSigmas } from "@shum/schedulers";
 * const [first, middle, last] = karrasSigmas(3, { min: 0.002, max: 80 });
 * assertAlmostEquals(first!, 80, 1e-9);
 * assertAlmostEquals(middle!, 2.5152, 1e-4);
 * assertAlmostEquals(last!, 0.002, 1e-9);
 * ```
 */
export function karrasSigmas(
  steps: number,
  { min, max, rho = 7 }: SigmaRange & { rho?: number | undefined },
): number[] {
  const [a, b] = [max ** (1 / rho), min ** (1 / rho)];
  return linspace(0, 1, steps).map((ramp) => (a + ramp * (b - a)) ** rho);
}
