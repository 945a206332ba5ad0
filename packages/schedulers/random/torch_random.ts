/**
 * The noise that torch draws on the CPU, bit for bit.
 *
 * @module
 */

import type { Gaussian } from "./gaussian.ts";
import { seedWords } from "./_mt19937.ts";
import { torchKernel } from "./_torch_kernel.ts";
import { TorchStream } from "./_torch_stream.ts";

/**
 * A stream like `torch.Generator("cpu").manual_seed(seed)`: normal, uniform and whole numbers drawn
 * from it in any order are those that torch draws in the same order.
 *
 * @example A uniform number
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
   * @param out Where the numbers go.
   * @param low The least number.
   * @param high The number above the largest.
   * @throws {RangeError} if low and high are not whole, or not 0 < high - low < 2^28: from there on
   * torch versions differ from each other.
   */
  integers(out: Int32Array, low: number, high: number): void;
}

/**
 * The generator behind `torch.randn` on the CPU, the default of diffusers and ComfyUI.
 *
 * Equal bit for bit to torch 1.13 to 2.13 on x86 with AVX2 for float32 draws. Builds without AVX2
 * (ARM, Apple) call another mathematical library and differ by up to 2.2e-6. As in torch, a draw of
 * fewer than 16 numbers takes another path than a longer one, a draw whose length is not a
 * multiple of 16 draws its last 16 numbers twice, and only the low 32 bits of the seed count.
 *
 * @param seed A whole number from -2^63 to 2^64 - 1, a bigint where it is not a safe integer; as in
 * torch, -1 is 2^64 - 1.
 * @returns A stream of its own, at its beginning.
 * @throws {RangeError} if the seed is any other.
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
  return new TorchStream(seedWords(seed)[0], torchKernel());
}
