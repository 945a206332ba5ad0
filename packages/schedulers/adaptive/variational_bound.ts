import type { AdaptiveSampler } from "./adaptive.ts";
import type { Gaussian } from "../random/gaussian.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { between } from "./_normal.ts";

/** What {@linkcode variationalBound} found, in bits per dimension. */
export interface VariationalBound {
  /** The bound on `-log2 p(x)` per dimension: the sum of all the others. */
  readonly total: number;
  /** `L_T`: what is left of the data in the noisiest sample. */
  readonly prior: number;
  /** `L_(t-1)` of each interval between two levels, noisiest first. */
  readonly terms: Float64Array;
  /** `L_0`: the last step, from the cleanest level to the data. */
  readonly decoder: number;
  /** Mean squared error of the predicted noise at each level, noisiest first. */
  readonly errors: Float64Array;
  /** Model calls made. */
  readonly calls: number;
}

/** Settings of {@linkcode variationalBound}. */
export interface VariationalBoundOptions {
  /**
   * The variance of the reverse chain: the posterior's (default), which is best for data without spread,
   * or that of the forward step, which is best for data as wide as N(0, I).
   */
  readonly variance?: "fixed_small" | "fixed_large";
  /**
   * `"bins"`, the default, is for pixels in [-1, 1] that were 256 whole values; `"density"` for data that
   * is continuous, such as latents, where a bound may be negative.
   */
  readonly decoder?: "bins" | "density";
  /** The deviation of the chain's first sample; by default that of data of variance 1 at that level. */
  readonly prior?: number;
}

/**
 * The variational bound of a chain of noise levels, term by term: what a picture costs in bits when each
 * step of the reverse chain is a Gaussian, and a lower bound on its likelihood.
 *
 * Sohl-Dickstein et al. (2015), https://arxiv.org/abs/1503.03585, eq. 14; Ho et al. (2020),
 * https://arxiv.org/abs/2006.11239, eq. 5 and 13. Each term is estimated with one draw of noise. A chain
 * may visit some of the training timesteps only: it is another chain, and its bound is as true, but the
 * tighter the more evenly its levels fall in log(sigma / alpha). The decoder's variance is that of the
 * cleanest level.
 *
 * @param x0 One clean sample.
 * @param levels Falling noise, all above 0: the first is the prior's, the last the decoder's.
 * @param gaussian Where the noise comes from.
 * @param options Variances, decoder, prior.
 * @returns A sampler for `drive`, which returns the bound.
 * @throws {RangeError} if there are fewer than two levels, or their noise does not fall.
 *
 * @example The bound of a model that knows its data
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { drive, epsilon, torchRandom, variationalBound, vpSde } from "@shum/schedulers";
 *
 * // Data N(0, 1): the best prediction of the noise is sigma·x, and the bound is -log2 N(x).
 * const sde = vpSde(), x = new Float32Array(2000).fill(0.3);
 * const levels = Array.from({ length: 200 }, (_, i) => sde.atLambda(-5 + i / 20));
 * const { total, prior } = await drive(
 *   variationalBound(x, levels, torchRandom(0), { decoder: "density", variance: "fixed_large" }),
 *   epsilon,
 *   (x, t) => x.map((value) => sde.at(t).sigma * value),
 * );
 * assertAlmostEquals(prior, 0, 1e-3);
 * assertAlmostEquals(total, (0.3 ** 2 + Math.log(2 * Math.PI)) / 2 / Math.LN2, 0.1);
 * ```
 */
export function* variationalBound(
  x0: Float32Array,
  levels: readonly NoiseLevel[],
  gaussian: Gaussian,
  options: VariationalBoundOptions = {},
): AdaptiveSampler<VariationalBound> {
  const { variance = "fixed_small", decoder = "bins" } = options;
  checkLevels(levels);
  const bits = 1 / (x0.length * Math.LN2);
  const z = new Float32Array(x0.length), x = new Float32Array(x0.length);
  const terms = new Float64Array(levels.length - 1), errors = new Float64Array(levels.length);
  let last = 0;
  for (const [i, level] of levels.entries()) {
    const { alpha, sigma } = level;
    gaussian.fill(z);
    for (let d = 0; d < x.length; d++) x[d] = alpha * x0[d]! + sigma * z[d]!;
    const eps = yield { x, level };
    let square = 0;
    for (let d = 0; d < x.length; d++) square += (z[d]! - eps[d]!) ** 2;
    errors[i] = square / x.length;
    const next = levels[i + 1];
    if (next) {
      const clean = square * (sigma / alpha) ** 2; // ‖x0 - x̂0‖²
      terms[i] = bits * divergence(level, next, clean, x.length, variance);
    } else {
      last = bits * decoding(x0, x, eps, level, decoder);
    }
  }
  const first = levels[0]!;
  const prior = bits * fromPrior(x0, first, options.prior ?? Math.hypot(first.alpha, first.sigma));
  const total = prior + terms.reduce((sum, term) => sum + term, 0) + last;
  return { total, prior, terms, decoder: last, errors, calls: levels.length };
}

/** KL(q(x_s | x_t, x0) ‖ p(x_s | x_t)) in nats, of two Gaussians whose means are linear in x0. */
function divergence(
  t: NoiseLevel,
  s: NoiseLevel,
  square: number,
  dimensions: number,
  variance: "fixed_small" | "fixed_large",
): number {
  const forward = t.sigma ** 2 - (t.alpha / s.alpha * s.sigma) ** 2; // of x_t given x_s: beta
  const weight = s.alpha * forward / t.sigma ** 2; // of x0 in the posterior's mean
  const posterior = forward * (s.sigma / t.sigma) ** 2; // beta tilde
  const chosen = variance === "fixed_small" ? posterior : forward;
  const ratio = posterior / chosen;
  return (dimensions * (ratio - 1 - Math.log(ratio)) + weight ** 2 * square / chosen) / 2;
}

/** -log p(x0 | x_1) in nats, with mean x̂0 and the forward step's variance. */
function decoding(
  x0: Float32Array,
  x: Float32Array,
  eps: Float32Array,
  { alpha, sigma }: NoiseLevel,
  decoder: "bins" | "density",
): number {
  let sum = 0;
  for (let d = 0; d < x0.length; d++) {
    const value = x0[d]!, mean = (x[d]! - sigma * eps[d]!) / alpha;
    if (decoder === "density") {
      sum += ((value - mean) / sigma) ** 2 / 2 + Math.log(2 * Math.PI * sigma ** 2) / 2;
      continue;
    }
    // Ho et al., eq. 13: bins of 2/255, open at the ends.
    const low = value <= -0.999 ? -Infinity : (value - 1 / 255 - mean) / sigma;
    const high = value >= 0.999 ? Infinity : (value + 1 / 255 - mean) / sigma;
    sum -= Math.log(Math.max(between(low, high), 1e-12));
  }
  return sum;
}

/** KL(q(x_T | x0) ‖ N(0, prior²)) in nats. */
function fromPrior(x0: Float32Array, { alpha, sigma }: NoiseLevel, prior: number): number {
  let square = 0;
  for (const value of x0) square += value * value;
  const ratio = (sigma / prior) ** 2;
  return (x0.length * (ratio - 1 - Math.log(ratio)) + (alpha / prior) ** 2 * square) / 2;
}

function checkLevels(levels: readonly NoiseLevel[]): void {
  const falls = levels.every((level, i) => {
    const before = levels[i - 1];
    return level.sigma > 0 && level.alpha > 0 &&
      (!before || level.sigma / level.alpha < before.sigma / before.alpha);
  });
  if (falls && levels.length > 1) return;
  throw new RangeError(
    `Cannot bound a likelihood: there are ${levels.length} levels, with sigma / alpha ` +
      `${
        levels.slice(0, 8).map(({ alpha, sigma }) => (sigma / alpha).toPrecision(3)).join(", ")
      }; ` +
      `expected at least 2, falling, with alpha and sigma above 0`,
  );
}
