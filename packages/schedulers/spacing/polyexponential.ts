import { linspace } from "../_numeric.ts";
import type { SigmaRange } from "./karras.ts";

/**
 * Sigmas whose logarithms follow a power: `rho = 1` is {@linkcode exponentialSigmas}; above it,
 * more steps go to small sigmas.
 *
 * Crowson, k-diffusion, `get_sigmas_polyexponential`.
 *
 * @param steps How many.
 * @param options The largest and the smallest sigma, and the power.
 * @returns The sigmas, `max` first.
 *
 * @example The middle of three
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { polyexponentialSigmas } from "@shum/schedulers";
 * assertAlmostEquals(polyexponentialSigmas(3, { min: 0.01, max: 1, rho: 2 })[1]!, 10 ** -1.5);
 * ```
 */
export function polyexponentialSigmas(
  steps: number,
  { min, max, rho = 1 }: SigmaRange & { rho?: number | undefined },
): number[] {
  const [from, to] = [Math.log(max), Math.log(min)];
  return linspace(1, 0, steps).map((ramp) => Math.exp(ramp ** rho * (from - to) + to));
}
