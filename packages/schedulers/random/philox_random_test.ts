// Expected values: A1111's own Philox port (modules/rng_philox.py), printed to eight digits.
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { philoxRandom } from "./philox_random.ts";

Deno.test("philoxRandom() draws A1111's numbers for seed 0, in its first and second call", () => {
  const random = philoxRandom(0);
  const first = new Float32Array(6), second = new Float32Array(3);
  random.fill(first);
  random.fill(second);
  const one = [-0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564];
  const two = [0.18082589, -0.5522627, 0.9238134];
  one.forEach((value, i) => assertAlmostEquals(first[i]!, value, 1e-6));
  two.forEach((value, i) => assertAlmostEquals(second[i]!, value, 1e-6));
});

Deno.test("philoxRandom() begins a long draw with the numbers of a short one", () => {
  const long = new Float32Array(100), short = new Float32Array(7);
  philoxRandom(5).fill(long);
  philoxRandom(5).fill(short);
  assertEquals(long.slice(0, 7), short);
});

Deno.test("philoxRandom() reads all 64 bits of the seed and gives mean 0 and variance 1", () => {
  const a = new Float32Array(1 << 16), b = new Float32Array(1 << 16);
  philoxRandom(7).fill(a);
  philoxRandom(2 ** 40 + 7).fill(b);
  let sum = 0, square = 0, cross = 0;
  for (let i = 0; i < a.length; i++) {
    sum += a[i]!;
    square += a[i]! ** 2;
    cross += a[i]! * b[i]!;
  }
  // Four standard errors of 65536 draws: 4 / 256, and sqrt(2) times that for the variance.
  assertAlmostEquals(sum / a.length, 0, 0.0157);
  assertAlmostEquals(square / a.length, 1, 0.0222);
  assertAlmostEquals(cross / a.length, 0, 0.0157);
  assertThrows(() => philoxRandom(0.5), RangeError, "seed is 0.5");
});
