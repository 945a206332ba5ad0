import { linspace } from "../_numeric.ts";
import type { SigmaRange } from "./karras.ts";

/**
 * Sigmas at the quantiles of a Beta distribution: dense at both ends.
 *
 * Lee et al. (2024), https://arxiv.org/abs/2407.12173, section 4, with `a = b = 0.6` as in
 * diffusers.
 *
 * @param steps How many.
 * @param options The largest and the smallest sigma, and the distribution's parameters.
 * @returns The sigmas, `max` first.
 *
 * @example The middle of three
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { betaSigmas } from "@shum/schedulers";
 * assertAlmostEquals(betaSigmas(3, { min: 0, max: 2 })[1]!, 1);
 * ```
 */
export function betaSigmas(
  steps: number,
  { min, max, a = 0.6, b = 0.6 }: SigmaRange & { a?: number | undefined; b?: number | undefined },
): number[] {
  return linspace(0, 1, steps).map((ramp) => min + (max - min) * betaQuantile(1 - ramp, a, b));
}

/**
 * Where the cumulative Beta distribution reaches `p`.
 *
 * @param p A probability, from 0 to 1.
 * @param a The first parameter of the distribution.
 * @param b The second.
 * @returns A number from 0 to 1.
 *
 * @example A quarter of a triangle
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { betaQuantile } from "@shum/schedulers";
 * assertAlmostEquals(betaQuantile(0.25, 1, 2), 1 - Math.sqrt(0.75));
 * ```
 */
export function betaQuantile(p: number, a: number, b: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  const scale = logBeta(a, b);
  let [low, high, x] = [0, 1, p];
  for (let i = 0; i < 100; i++) { // Newton's method, kept between the bounds by bisection
    const error = betaCumulative(x, a, b, scale) - p;
    if (error < 0) low = x;
    else high = x;
    const slope = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - scale);
    const newton = x - error / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-15 * x) return next;
    x = next;
  }
  return x;
}

/** The regularised incomplete beta function, by its continued fraction (Lentz's method). */
function betaCumulative(x: number, a: number, b: number, scale: number): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCumulative(1 - x, b, a, scale);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - scale) / a;
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
  let fraction = d;
  for (let m = 1; m < 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Lanczos' approximation, g = 7, 9 terms: 15 digits. */
function logGamma(x: number): number {
  const terms = [
    676.5203681218851,
    -1259.1392167224028,
    771.32342877765313,
    -176.61502916214059,
    12.507343278686905,
    -0.13857109526572012,
    9.9843695780195716e-6,
    1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  let sum = 0.99999999999980993;
  terms.forEach((term, i) => sum += term / (x + i));
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
