/**
 * The one arithmetic operation of every sampler: a weighted sum of vectors.
 *
 * @module
 */

import { memoryOf } from "../wasm/_simd.ts";

/** Longest run of partial sums kept in float64 by the loop for five and more terms. */
const CHUNK = 1024;
const partial = new Float64Array(CHUNK);

/**
 * `out <- sum of weights[k] * vectors[k]`, element by element.
 *
 * Each element is accumulated in float64 in the order written and rounded to float32 once, so the
 * result differs from the exact sum by half a unit in the last place of float32. `out` may be one of
 * the vectors. A sum of no terms is 0. Vectors longer than `out` are read up to its length.
 *
 * @param out Where the sum goes; its length decides how many elements are read.
 * @param weights One weight per vector.
 * @param vectors Flat tensors of equal shape.
 * @param start The first element to sum; 0 by default.
 * @param end The element to stop before; the length of `out` by default.
 * @throws {RangeError} if there are more or fewer weights than vectors, or a vector is too short,
 * or the range lies outside `out`.
 *
 * @example Two terms
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { weightedSum } from "@shum/schedulers";
 *
 * const out = new Float32Array(2);
 * weightedSum(out, [2, -1], [Float32Array.of(1, 2), Float32Array.of(0.5, 0.5)]);
 * assertEquals([...out], [1.5, 3.5]);
 * ```
 */
export function weightedSum(
  out: Float32Array,
  weights: readonly number[],
  vectors: readonly Float32Array[],
  start: number = 0,
  end: number = out.length,
): void {
  const count = vectors.length;
  if (weights.length !== count) {
    throw new RangeError(
      `Cannot sum: there are ${weights.length} weights for ${count} vectors; expected one each`,
    );
  }
  for (let k = 0; k < count; k++) {
    if (vectors[k]!.length < out.length) {
      throw new RangeError(
        `Cannot sum: vector ${k} has ${vectors[k]!.length} elements; expected ${out.length}, the ` +
          `length of the output`,
      );
    }
  }
  if (!(start >= 0 && end <= out.length)) {
    throw new RangeError(
      `Cannot sum: the elements are ${start} to ${end}; expected them within 0 to ${out.length}, the ` +
        `length of the output`,
    );
  }
  const done = memoryOf(out)?.sum(out, weights, vectors, start, end) ?? start;
  if (done < end) sumFrom(done, end, out, weights, vectors);
}

/** The loops are kept apart by arity so that each is compiled, and stays, for its own. */
function sumFrom(
  start: number,
  end: number,
  out: Float32Array,
  w: readonly number[],
  v: readonly Float32Array[],
): void {
  if (v.length === 2) sum2(start, end, out, w[0]!, v[0]!, w[1]!, v[1]!);
  else if (v.length === 3) sum3(start, end, out, w[0]!, v[0]!, w[1]!, v[1]!, w[2]!, v[2]!);
  else if (v.length === 1) sum1(start, end, out, w[0]!, v[0]!);
  else if (v.length === 4) sum4(start, end, out, w, v);
  else sumMany(start, end, out, w, v);
}

function sum1(
  start: number,
  end: number,
  out: Float32Array,
  a: number,
  u: Float32Array,
): void {
  for (let i = start; i < end; i++) out[i] = a * u[i]!;
}

function sum2(
  start: number,
  end: number,
  out: Float32Array,
  a: number,
  u: Float32Array,
  b: number,
  v: Float32Array,
): void {
  for (let i = start; i < end; i++) out[i] = a * u[i]! + b * v[i]!;
}

function sum3(
  start: number,
  end: number,
  out: Float32Array,
  a: number,
  u: Float32Array,
  b: number,
  v: Float32Array,
  c: number,
  w: Float32Array,
): void {
  for (let i = start; i < end; i++) out[i] = a * u[i]! + b * v[i]! + c * w[i]!;
}

function sum4(
  start: number,
  end: number,
  out: Float32Array,
  weights: readonly number[],
  vectors: readonly Float32Array[],
): void {
  const a = weights[0]!, b = weights[1]!, c = weights[2]!, d = weights[3]!;
  const u = vectors[0]!, v = vectors[1]!, w = vectors[2]!, y = vectors[3]!;
  for (let i = start; i < end; i++) {
    out[i] = a * u[i]! + b * v[i]! + c * w[i]! + d * y[i]!;
  }
}

/** Adds vector by vector into a short float64 row: an inner loop over terms is ten times slower. */
function sumMany(
  start: number,
  end: number,
  out: Float32Array,
  weights: readonly number[],
  vectors: readonly Float32Array[],
): void {
  for (let from = start; from < end; from += CHUNK) {
    const size = Math.min(CHUNK, end - from);
    partial.fill(0, 0, size);
    for (let k = 0; k < vectors.length; k++) {
      const weight = weights[k]!, vector = vectors[k]!;
      for (let i = 0; i < size; i++) partial[i]! += weight * vector[from + i]!;
    }
    for (let i = 0; i < size; i++) out[from + i] = partial[i]!;
  }
}
