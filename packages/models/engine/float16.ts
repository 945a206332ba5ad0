/**
 * Rounds single precision to half precision (IEEE 754 binary16, round to nearest even).
 *
 * @param values Numbers; beyond ±65504 they become infinite.
 * @param out Where the bit patterns go; a new array when absent.
 * @returns `out`: one 16-bit pattern per value.
 *
 * @example Bit patterns
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toFloat16 } from "@shum/models";
 *
 * assertEquals([...toFloat16(new Float32Array([1, -2, 65504]))], [0x3c00, 0xc000, 0x7bff]);
 * ```
 */
export function toFloat16(
  values: Float32Array,
  out: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
  new Float16Array(out.buffer, out.byteOffset, out.length).set(values);
  return out;
}

/**
 * Widens half precision to single precision; exact.
 *
 * @param bits 16-bit patterns.
 * @param out Where the numbers go; a new array when absent.
 * @returns `out`.
 *
 * @example Numbers
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fromFloat16 } from "@shum/models";
 *
 * assertEquals([...fromFloat16(new Uint16Array([0x3c00, 0x7c00]))], [1, Infinity]);
 * ```
 */
export function fromFloat16(
  bits: Uint16Array,
  out: Float32Array = new Float32Array(bits.length),
): Float32Array {
  out.set(new Float16Array(bits.buffer, bits.byteOffset, bits.length));
  return out;
}
