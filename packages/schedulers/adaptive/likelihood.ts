import type { AdaptiveSampler } from "./adaptive.ts";
import type { Gaussian } from "../random/gaussian.ts";
import type { Sde } from "../schedules/sde.ts";
import { dormandPrince } from "./_dormand_prince.ts";
import { flowDrift, type FlowOptions, validateFlow } from "./probability_flow.ts";

/** What {@linkcode likelihood} found. */
export interface Likelihood {
  /** `log p(x)` in nats, one number per sample. */
  readonly logLikelihood: Float64Array;
  /** `-log2 p(x)` per dimension, plus the offset, one number per sample. */
  readonly bitsPerDim: Float64Array;
  /** The noise that each sample is mapped to. */
  readonly latent: Float32Array;
  /** Model calls made. */
  readonly calls: number;
}

/** Settings of {@linkcode likelihood}. */
export interface LikelihoodOptions extends Omit<FlowOptions, "denoise"> {
  /** Samples in `x`, one after the other; 1 by default. */
  readonly batch?: number | undefined;
  /**
   * Added to bits per dimension, for data that was scaled from 256 whole values: 7 for [-1, 1], 8 for
   * [0, 1]. 0 by default: the density of `x` as it is.
   */
  readonly offset?: number | undefined;
  /** Random directions whose traces are averaged; 1 by default, 0 for the exact trace (D directions). */
  readonly probes?: number | undefined;
  /** How far along a probe the two model calls of a derivative are, in units of sigma; 0.02 by default. */
  readonly distance?: number | undefined;
}

/**
 * `log p(x)` by the instantaneous change of variables along the probability flow, with the divergence of
 * the drift estimated by Hutchinson's trace.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, appendix D.2; the estimator: Grathwohl et al. (2019),
 * https://arxiv.org/abs/1810.01367. `vᵀ·(df/dx)·v` is taken by central differences, two model calls per
 * probe, so that a network without gradients will do; `v` holds signs and stays the same over one
 * integration. Unbiased but for the differences, which are taken across a twenty-fifth of sigma;
 * its spread shrinks with the root of `probes`. `probes: 0` takes every axis and is exact but
 * needs 2·D calls each time.
 *
 * For the bits per dimension of image data, add uniform noise of one grey level first.
 *
 * @param x The samples, as data.
 * @param sde The forward process of the model.
 * @param gaussian The source of the probes.
 * @param options The integrator, and how the divergence is estimated.
 * @returns A sampler that ends with the likelihoods; run it with {@linkcode drive}.
 * @throws {RangeError} if a setting cannot be, or a tolerance cannot be met.
 *
 * @example Normal data
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { drive, likelihood, score, torchRandom, vpSde } from "@shum/schedulers";
 *
 * // Data N(0, 1) stays N(0, 1): the score is -x at every level.
 * const x = Float32Array.of(0.5, -1);
 * const { logLikelihood } = await drive(
 *   likelihood(x, vpSde(), torchRandom(0), { probes: 0 }),
 *   score,
 *   (x) => x.map((value) => -value),
 * );
 * assertAlmostEquals(logLikelihood[0]!, -(0.5 ** 2 + 1) / 2 - Math.log(2 * Math.PI), 1e-3);
 * ```
 */
export function* likelihood(
  x: Float32Array,
  sde: Sde,
  gaussian: Gaussian,
  {
    from = 1e-5,
    to = 1,
    rtol = 1e-5,
    atol = 1e-5,
    maxSteps = 10000,
    batch = 1,
    offset = 0,
    probes = 1,
    distance = 0.02,
  }: LikelihoodOptions = {},
): AdaptiveSampler<Likelihood> {
  validateFlow({ from, to, rtol, atol, maxSteps });
  const size = x.length / batch;
  if (!Number.isInteger(batch) || !Number.isInteger(size) || size < 1) {
    throw new RangeError(
      `Cannot find a likelihood: batch is ${batch}; expected a divisor of the ${x.length} elements`,
    );
  }
  if (!Number.isInteger(probes) || probes < 0 || !(distance > 0)) {
    throw new RangeError(
      `Cannot find a likelihood: probes is ${probes} and distance is ${distance}; expected a whole ` +
        `number and a positive distance`,
    );
  }
  const directions = probes === 0 ? axes(size, batch) : signs(gaussian, probes, x.length);
  const scale = probes === 0 ? 1 : 1 / probes;
  const sample = x.slice(), ahead = new Float32Array(x.length);
  // The state is x followed by each sample's change of log density.
  const y = new Float64Array(x.length + batch);
  y.set(x);

  const calls = yield* dormandPrince(y, from, to, function* (t, state, out) {
    yield* flowDrift(sde, t, state, out, sample);
    const level = sde.at(t), g = sde.diffusion(t);
    const slope = g * g / (2 * level.sigma); // of the drift with eps
    const h = distance * level.sigma;
    for (let b = 0; b < batch; b++) out[x.length + b] = size * sde.drift(t);
    for (const v of directions) {
      for (const side of [1, -1]) {
        for (let i = 0; i < x.length; i++) ahead[i] = state[i]! + side * h * v[i]!;
        const eps = yield { x: ahead, level };
        for (let b = 0; b < batch; b++) {
          let trace = 0;
          for (let i = b * size; i < (b + 1) * size; i++) trace += v[i]! * eps[i]!;
          out[x.length + b]! += scale * slope * side * trace / (2 * h);
        }
      }
    }
  }, { rtol, atol, maxSteps });

  const logLikelihood = new Float64Array(batch), bitsPerDim = new Float64Array(batch);
  for (let b = 0; b < batch; b++) {
    let square = 0;
    for (let i = b * size; i < (b + 1) * size; i++) square += y[i]! ** 2;
    const prior = -square / (2 * sde.prior ** 2) -
      size * Math.log(2 * Math.PI * sde.prior ** 2) / 2;
    logLikelihood[b] = prior + y[x.length + b]!;
    bitsPerDim[b] = -logLikelihood[b]! / (size * Math.LN2) + offset;
  }
  const perDerivative = 1 + 2 * directions.length;
  return {
    logLikelihood,
    bitsPerDim,
    latent: Float32Array.from(y.subarray(0, x.length)),
    calls: calls * perDerivative,
  };
}

/** Rademacher vectors: the signs of normal draws. */
function signs(gaussian: Gaussian, count: number, length: number): Float32Array[] {
  return Array.from({ length: count }, () => {
    const v = new Float32Array(length);
    gaussian.fill(v);
    return v.map((value) => value < 0 ? -1 : 1);
  });
}

/** The unit vectors of one sample, the same in every sample of the batch. */
function axes(size: number, batch: number): Float32Array[] {
  return Array.from({ length: size }, (_, axis) => {
    const v = new Float32Array(size * batch);
    for (let b = 0; b < batch; b++) v[b * size + axis] = 1;
    return v;
  });
}
