/**
 * Guidance scales that change over the run. Wang et al. (2024), https://arxiv.org/abs/2404.13040, find
 * that scales that rise as the noise falls do better than constants.
 *
 * @module
 */
import type { Progress, Scale } from "./guidance.ts";

/** 0 at the first model call, 1 at the last; 1/2 for a run of one, which gives the schedule's middle. */
function fraction({ index, total }: Progress): number {
  return total > 1 ? index / (total - 1) : 0.5;
}

/**
 * A scale that rises linearly from 0 to twice `scale`, `2 g tau` with `tau` from 0 to 1, so that its
 * mean over the run is `scale`.
 *
 * @param scale The mean g.
 * @returns A scale for any guidance here.
 *
 * @example Its three values in a run of three
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linearScale, scaleAt } from "@shum/guidance";
 *
 * const level = { t: 500, alpha: 0.6, sigma: 0.8 };
 * const values = [0, 1, 2].map((index) => scaleAt(linearScale(4), { index, total: 3, level }));
 * assertEquals(values, [0, 4, 8]);
 * ```
 */
export function linearScale(scale: number): Scale {
  return (progress) => 2 * scale * fraction(progress);
}

/**
 * A scale that rises as a cosine, `g (1 - cos(pi tau))`; its mean over the run is `scale`.
 *
 * @param scale The mean g.
 * @returns A scale for any guidance here.
 *
 * @example Its three values in a run of three
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { cosineScale, scaleAt } from "@shum/guidance";
 *
 * const level = { t: 500, alpha: 0.6, sigma: 0.8 };
 * assertAlmostEquals(scaleAt(cosineScale(4), { index: 1, total: 3, level }), 4, 1e-12);
 * assertAlmostEquals(scaleAt(cosineScale(4), { index: 2, total: 3, level }), 8, 1e-12);
 * ```
 */
export function cosineScale(scale: number): Scale {
  return (progress) => scale * (1 - Math.cos(Math.PI * fraction(progress)));
}

/**
 * A linear scale that never falls below a floor, `max(c, 2 g tau)`.
 *
 * @param scale The mean g of the linear scale.
 * @param floor The least value c.
 * @returns A scale for any guidance here.
 *
 * @example Its first and last values
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clampLinearScale, scaleAt } from "@shum/guidance";
 *
 * const level = { t: 500, alpha: 0.6, sigma: 0.8 };
 * assertEquals(scaleAt(clampLinearScale(4, 1), { index: 0, total: 3, level }), 1);
 * assertEquals(scaleAt(clampLinearScale(4, 1), { index: 2, total: 3, level }), 8);
 * ```
 */
export function clampLinearScale(scale: number, floor: number): Scale {
  return (progress) => Math.max(floor, 2 * scale * fraction(progress));
}

/**
 * A scale that rises as a powered cosine, `g (1 - cos(pi tau^s)) / 2`, from 0 to `scale`; a large power
 * keeps it low for longer.
 *
 * @param scale The final value g.
 * @param power The exponent s.
 * @returns A scale for any guidance here.
 * @throws {RangeError} if the power is not positive.
 *
 * @example Half-way, with power 2
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { poweredCosineScale, scaleAt } from "@shum/guidance";
 *
 * const level = { t: 500, alpha: 0.6, sigma: 0.8 };
 * const value = scaleAt(poweredCosineScale(4, 2), { index: 1, total: 3, level });
 * assertAlmostEquals(value, 2 * (1 - Math.SQRT1_2), 1e-12);
 * ```
 */
export function poweredCosineScale(scale: number, power: number): Scale {
  if (!(power > 0)) {
    throw new RangeError(`Cannot shape scale: power is ${power}; expected a positive number`);
  }
  return (progress) => scale * (1 - Math.cos(Math.PI * fraction(progress) ** power)) / 2;
}
