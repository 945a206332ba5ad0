/**
 * The noise that torch draws on an NVIDIA GPU, as Stable Diffusion web UIs imitate it.
 *
 * @module
 */

import type { Gaussian } from "./gaussian.ts";
import { seedWords } from "./_mt19937.ts";

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53, MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9, WEYL_1 = 0xbb67ae85;
const SCALE = 2 ** -32;
const ANGLE = Math.fround(2.3283064e-10 * 6.2831855);

/**
 * Philox4x32-10, Salmon et al. (2011), https://doi.org/10.1145/2063384.2063405, followed by half a
 * Box-Muller pair: the "NV" source of A1111 and Forge and the default of stable-diffusion.cpp, which
 * equals `torch.randn(..., device="cuda")` for images of ordinary size.
 *
 * Counter-based: the k-th number of the c-th call depends on the seed, c and k only, so a longer
 * draw begins with the numbers of a shorter one. All 64 bits of the seed count. Equal to those tools
 * to about 1e-6; they differ as much from each other.
 *
 * @param seed A whole number from -2^63 to 2^64 - 1, a bigint where it is not a safe integer; as in
 * torch, -1 is 2^64 - 1.
 * @returns A stream of its own, at its beginning.
 * @throws {RangeError} if the seed is any other.
 *
 * @example The first two numbers of a seed
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { philoxRandom } from "@shum/schedulers";
 *
 * const out = new Float32Array(2);
 * philoxRandom(0).fill(out);
 * assertAlmostEquals(out[0]!, -0.92466259, 1e-6);
 * assertAlmostEquals(out[1]!, -0.42534415, 1e-6);
 * ```
 */
export function philoxRandom(seed: number | bigint): Gaussian {
  const [low, high] = seedWords(seed);
  let call = 0;
  return {
    fill(out: Float32Array): void {
      for (let i = 0; i < out.length; i++) out[i] = normal(call, i, low, high);
      call++;
    },
  };
}

function normal(call: number, index: number, low: number, high: number): number {
  let c0 = call | 0, c1 = 0, c2 = index | 0, c3 = 0;
  let key0 = low | 0, key1 = high | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(c0, MULTIPLIER_0), low0 = Math.imul(c0, MULTIPLIER_0);
    const high1 = multiplyHigh(c2, MULTIPLIER_1), low1 = Math.imul(c2, MULTIPLIER_1);
    c0 = high1 ^ c1 ^ key0;
    c1 = low1;
    c2 = high0 ^ c3 ^ key1;
    c3 = low0;
    key0 = (key0 + WEYL_0) | 0;
    key1 = (key1 + WEYL_1) | 0;
  }
  const u = (c0 >>> 0) * SCALE + SCALE / 2; // never 0
  return Math.sqrt(-2 * Math.log(u)) * Math.sin((c1 >>> 0) * ANGLE + ANGLE / 2);
}

/** The high 32 bits of a product of unsigned integers, by way of four products of 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16) | 0;
  const other = Math.imul(aLow, bHigh) + (middle & 0xffff) | 0;
  return Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16) | 0;
}
