/**
 * The noise that torch draws on the CPU, bit for bit.
 *
 * @module
 */

import type { Gaussian } from "./gaussian.ts";
import { log24, polar } from "./_cephes.ts";
import { Mt19937, seedWords } from "./_mt19937.ts";

const BLOCK = 16;
const TWO_PI = Math.fround(2 * Math.PI);

/**
 * A stream like `torch.Generator("cpu").manual_seed(seed)`: normal, uniform and whole numbers drawn
 * from it in any order are those that torch draws in the same order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { torchRandom, type TorchRandom } from "@shum/schedulers";
 *
 * const random: TorchRandom = torchRandom(0);
 * const uniform = new Float32Array(1);
 * random.uniform(uniform);
 * assertEquals(uniform[0], Math.fround(0.4962565899));
 * ```
 */
export interface TorchRandom extends Gaussian {
  /** `torch.rand`: overwrites `out` with numbers in [0, 1). */
  uniform(out: Float32Array): void;
  /**
   * `torch.randint(low, high)`: overwrites `out` with whole numbers from `low` up to, not with, `high`.
   *
   * @throws {RangeError} Unless low and high are whole and 0 < high - low < 2^28. From there on torch
   * versions differ from each other.
   */
  integers(out: Int32Array, low: number, high: number): void;
}

/**
 * The generator behind `torch.randn` on the CPU, the default of diffusers and ComfyUI.
 *
 * Equal bit for bit to torch 1.13 to 2.13 on x86 with AVX2 for float32 draws. Builds without AVX2
 * (ARM, Apple) call another mathematical library and differ by up to 2.2e-6. As in torch, a draw of
 * fewer than 16 numbers takes another path than a longer one, a draw whose length is not a
 * multiple of 16 draws its last 16 numbers anew, and only the low 32 bits of the seed count.
 *
 * @param seed A whole number; -1 is 2^32 - 1, as there.
 * @throws {RangeError} When the seed is a number but not a safe integer.
 *
 * @example The same numbers as `torch.manual_seed(0); torch.randn(5)`
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { torchRandom } from "@shum/schedulers";
 *
 * const out = new Float32Array(5);
 * torchRandom(0).fill(out);
 * assertEquals(out[0], Math.fround(1.5409960747));
 * ```
 */
export function torchRandom(seed: number | bigint): TorchRandom {
  return new TorchStream(seedWords(seed)[0]);
}

class TorchStream implements TorchRandom {
  readonly #engine: Mt19937;
  /** The second half of the last pair drawn one by one; it outlives calls for 16 or more. */
  #spare: number | undefined;

  constructor(seed: number) {
    this.#engine = new Mt19937(seed);
  }

  fill(out: Float32Array): void {
    const n = out.length;
    if (n < BLOCK) {
      for (let i = 0; i < n; i++) out[i] = this.#one();
      return;
    }
    this.#engine.fillUniform(out, 0, n);
    let i = 0;
    for (; i + BLOCK <= n; i += BLOCK) boxMuller(out, i);
    if (i < n) {
      this.#engine.fillUniform(out, n - BLOCK, n);
      boxMuller(out, n - BLOCK);
    }
  }

  uniform(out: Float32Array): void {
    this.#engine.fillUniform(out, 0, out.length);
  }

  integers(out: Int32Array, low: number, high: number): void {
    const range = high - low;
    if (!Number.isInteger(low) || !Number.isInteger(high) || !(range > 0 && range < 2 ** 28)) {
      throw new RangeError(
        `Cannot draw integers: low is ${low} and high is ${high}; expected whole numbers with ` +
          `high above low by less than 2^28`,
      );
    }
    for (let i = 0; i < out.length; i++) out[i] = low + (this.#engine.next() >>> 0) % range;
  }

  /** Box-Muller in float64, one number at a time. */
  #one(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const turn = this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
    this.#spare = radius * Math.sin(2 * Math.PI * turn);
    return radius * Math.cos(2 * Math.PI * turn);
  }

  /** The low 53 of 64 bits, of which the first integer is the high half. */
  #uniform53(): number {
    const high = this.#engine.next() & 0x1fffff;
    return (high * 2 ** 32 + (this.#engine.next() >>> 0)) * 2 ** -53;
  }
}

/** Turns the 16 uniforms at `out[i]` into 16 normals: a pair is 8 apart. */
function boxMuller(out: Float32Array, i: number): void {
  for (let k = i; k < i + BLOCK / 2; k++) {
    const log = log24(2 ** 24 - out[k]! * 2 ** 24); // of 1 - u, which is never 0
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * log)));
    polar(out, k, radius, Math.fround(TWO_PI * out[k + BLOCK / 2]!));
  }
}
