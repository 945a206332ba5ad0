/**
 * Mixing noise.
 *
 * @module
 */

/**
 * Spherical interpolation between two tensors of noise, so that the result is noise as well.
 *
 * @param a The tensor at 0.
 * @param b The tensor at 1.
 * @param t Where between them.
 * @param shape `[channels, height, width]` to interpolate every column of every channel by its own
 * angle, as A1111 does for variation seeds; absent, one angle for all.
 * @returns A new tensor.
 *
 * @example Half-way between two axes
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { slerp } from "@shum/pipelines";
 *
 * const [x] = slerp(Float32Array.of(1, 0), Float32Array.of(0, 1), 0.5);
 * assertAlmostEquals(x!, Math.SQRT1_2, 1e-7);
 * ```
 */
export function slerp(
  a: Float32Array,
  b: Float32Array,
  t: number,
  [channels, height, width]: readonly [number, number, number] = [1, a.length, 1],
): Float32Array {
  const out = new Float32Array(a.length);
  const cosines = new Float64Array(channels * width);
  for (let c = 0; c < channels; c++) {
    for (let x = 0; x < width; x++) {
      let product = 0, aa = 0, bb = 0;
      for (let i = c * height * width + x, y = 0; y < height; y++, i += width) {
        product += a[i]! * b[i]!;
        aa += a[i]! * a[i]!;
        bb += b[i]! * b[i]!;
      }
      cosines[c * width + x] = product / Math.sqrt(aa * bb);
    }
  }
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  const straight = !(mean <= 0.9995); // nearly parallel, or a vector is 0: no angle to speak of
  for (let c = 0; c < channels; c++) {
    for (let x = 0; x < width; x++) {
      const angle = Math.acos(Math.min(1, Math.max(-1, cosines[c * width + x]!)));
      const sine = Math.sin(angle);
      const line = straight || sine === 0;
      const p = line ? 1 - t : Math.sin((1 - t) * angle) / sine;
      const q = line ? t : Math.sin(t * angle) / sine;
      for (let i = c * height * width + x, y = 0; y < height; y++, i += width) {
        out[i] = p * a[i]! + q * b[i]!;
      }
    }
  }
  return out;
}
