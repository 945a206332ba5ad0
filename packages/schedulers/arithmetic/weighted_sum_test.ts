import { assertEquals, assertThrows } from "@std/assert";
import { weightedSum } from "./weighted_sum.ts";

/** Numbers over many binades, so that a wrong order or an early rounding shows. */
function vector(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 2 ** ((state >>> 8) % 24 - 12);
  });
}

function reference(
  weights: readonly number[],
  vectors: readonly Float32Array[],
  i: number,
): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) sum += weights[k]! * vectors[k]![i]!;
  return Math.fround(sum);
}

for (let terms = 0; terms <= 7; terms++) {
  Deno.test(`weightedSum() of ${terms} terms accumulates in float64 in order and rounds once`, () => {
    for (const length of [0, 1, 3, 4, 5, 16, 1023, 1024, 1025, 2500]) {
      const vectors = Array.from({ length: terms }, (_, k) => vector(length, 17 * k + length));
      const weights = Array.from({ length: terms }, (_, k) => Math.sin(k + 1) * 10 ** (k % 3));
      const out = new Float32Array(length).fill(NaN);
      weightedSum(out, weights, vectors);
      for (let i = 0; i < length; i++) assertEquals(out[i], reference(weights, vectors, i));
    }
  });
}

Deno.test("weightedSum() may write over one of its vectors", () => {
  for (let terms = 1; terms <= 6; terms++) {
    const vectors = Array.from({ length: terms }, (_, k) => vector(3000, k));
    const weights = Array.from({ length: terms }, (_, k) => 0.3 + k);
    const expected = new Float32Array(3000);
    weightedSum(expected, weights, vectors);
    weightedSum(vectors[terms - 1]!, weights, vectors);
    assertEquals(vectors[terms - 1], expected);
  }
});

Deno.test("weightedSum() names a missing weight and a short vector", () => {
  const out = new Float32Array(2);
  assertThrows(() => weightedSum(out, [1], []), RangeError, "1 weights for 0 vectors");
  assertThrows(
    () => weightedSum(out, [1, 1], [out, new Float32Array(1)]),
    RangeError,
    "vector 1 has 1 elements; expected 2",
  );
});

Deno.test("weightedSum() of a range leaves the other elements alone", () => {
  for (let terms = 1; terms <= 6; terms++) {
    const vectors = Array.from({ length: terms }, (_, k) => vector(3000, k));
    const weights = Array.from({ length: terms }, (_, k) => 0.7 - k);
    const whole = new Float32Array(3000), out = new Float32Array(3000).fill(5);
    weightedSum(whole, weights, vectors);
    weightedSum(out, weights, vectors, 11, 2500);
    const expected = new Float32Array(3000).fill(5);
    expected.set(whole.subarray(11, 2500), 11);
    assertEquals(out, expected);
  }
  const out = new Float32Array(2);
  assertThrows(() => weightedSum(out, [1], [out], 0, 3), RangeError, "0 to 3");
  assertThrows(() => weightedSum(out, [1], [out], -1, 2), RangeError, "-1 to 2");
});
