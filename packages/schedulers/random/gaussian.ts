/**
 * Seeded sources of N(0, I), and the adapter that hands one to a sampler.
 *
 * @module
 */

/**
 * A stream of independent standard normal numbers.
 *
 * A stream has a position: filling two arrays continues where the first ended, as passing one
 * generator object around does in other tools. Make one with {@link torchRandom},
 * {@link numpyRandom} or {@link philoxRandom}.
 *
 * @example Any function that fills an array with normals will do
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Gaussian } from "@shum/schedulers";
 *
 * const silent: Gaussian = { fill: (out) => void out.fill(0) };
 * const out = Float32Array.of(1, 2);
 * silent.fill(out);
 * assertEquals([...out], [0, 0]);
 * ```
 */
export interface Gaussian {
  /** Overwrites `out` with the next `out.length` numbers of the stream. */
  fill(out: Float32Array): void;
}

/**
 * The noise of a sampler, drawn from a generator: every draw is independent, so the interval that
 * a plan names with it is ignored. Samplers that want a Brownian path take `brownianNoise` instead.
 *
 * @param gaussian The generator, whose stream is continued by every draw.
 * @returns The noise, as a run asks for it.
 *
 * @example The first number of a seed
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { gaussianNoise, torchRandom } from "@shum/schedulers";
 *
 * const noise = gaussianNoise(torchRandom(0));
 * const out = new Float32Array(16);
 * noise(out);
 * assertAlmostEquals(out[0]!, -1.1258398, 1e-6);
 * ```
 */
export function gaussianNoise(gaussian: Gaussian): (out: Float32Array) => void {
  return (out) => gaussian.fill(out);
}
