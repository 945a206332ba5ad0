/**
 * The noise that numpy's legacy generator draws.
 *
 * @module
 */

import type { Gaussian } from "./gaussian.ts";
import { Mt19937 } from "./_mt19937.ts";

/**
 * The generator behind `numpy.random.RandomState(seed).randn`: Marsaglia's polar method in float64,
 * which the first ONNX pipelines of diffusers and optimum used.
 *
 * Numbers are rounded to float32 as those pipelines did, after which they equal numpy's but for
 * rounding ties: mathematical libraries differ in the last bit of a logarithm. numpy's newer
 * `default_rng` is another generator.
 *
 * @param seed A whole number from 0 to 2^32 - 1.
 * @returns A stream of its own, at its beginning.
 * @throws {RangeError} if the seed is any other number, as in numpy.
 *
 * @example The same numbers as `numpy.random.RandomState(0).randn(2)`
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { numpyRandom } from "@shum/schedulers";
 *
 * const out = new Float32Array(2);
 * numpyRandom(0).fill(out);
 * assertEquals([...out], [1.764052345967664, 0.4001572083672233].map(Math.fround));
 * ```
 */
export function numpyRandom(seed: number | bigint): Gaussian {
  const value = Number(seed);
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new RangeError(
      `Cannot seed numpy's generator: seed is ${seed}; expected a whole number from 0 to 4294967295`,
    );
  }
  return new NumpyStream(value);
}

class NumpyStream implements Gaussian {
  readonly #engine: Mt19937;
  /** The second number of the last pair, if it has not been given out. */
  #spare = NaN;

  constructor(seed: number) {
    this.#engine = new Mt19937(seed);
  }

  fill(out: Float32Array): void {
    const engine = this.#engine;
    let i = 0;
    if (out.length > 0 && !Number.isNaN(this.#spare)) {
      out[i++] = this.#spare;
      this.#spare = NaN;
    }
    while (i < out.length) {
      let x = 0, y = 0, square = 0;
      do {
        x = 2 * uniform(engine) - 1;
        y = 2 * uniform(engine) - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const scale = Math.sqrt(-2 * Math.log(square) / square);
      out[i++] = scale * y;
      if (i < out.length) out[i++] = scale * x;
      else this.#spare = scale * x;
    }
  }
}

/** 53 random bits as a fraction, of two integers. */
function uniform(engine: Mt19937): number {
  const high = engine.next() >>> 5;
  return (high * 2 ** 26 + (engine.next() >>> 6)) * 2 ** -53;
}
