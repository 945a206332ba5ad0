import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { brownianNoise } from "./brownian.ts";

const lambda = (sigma: number): number => -Math.log(sigma);
const SIZE = 1 << 14;

/** W(from) - W(to), undoing the normalisation. */
function increment(
  noise: ReturnType<typeof brownianNoise>,
  from: number,
  to: number,
  size = SIZE,
): Float32Array {
  const out = new Float32Array(size);
  noise(out, [lambda(from), lambda(to)]);
  return out.map((z) => z * Math.sqrt(Math.abs(from - to)));
}

function correlation(a: Float32Array, b: Float32Array): number {
  let ab = 0, aa = 0, bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

Deno.test("brownianNoise() adds up over neighbouring intervals, octaves apart, in any order", () => {
  const noise = brownianNoise(3);
  const parts: [number, number][] = [[0.3, 0.0317], [14.6, 5.5], [0.0317, 0], [5.5, 0.3]];
  const total = new Float32Array(SIZE);
  for (const [from, to] of parts) {
    increment(noise, from, to).forEach((value, i) => total[i]! += value);
  }
  const whole = increment(noise, 14.6, 0);
  for (let i = 0; i < SIZE; i++) assertAlmostEquals(total[i]!, whole[i]!, 1e-4);
});

Deno.test("brownianNoise() follows the same path however it is asked", () => {
  const few = brownianNoise(11), many = brownianNoise(11);
  for (let k = 20; k > 1; k--) increment(many, k / 2, k / 2 - 0.35);
  assertEquals(increment(few, 4, 1), increment(many, 4, 1));
  assertEquals(increment(few, 6, 4.9), increment(many, 6, 4.9));
});

Deno.test("brownianNoise() gives each draw mean 0 and variance 1", () => {
  const noise = brownianNoise(5);
  for (
    const [from, to] of [[14.6, 14.5], [3, 0.5], [1, 1 - 2 ** -12], [0.01, 0], [1e5, 3]] as const
  ) {
    const out = new Float32Array(SIZE);
    noise(out, [lambda(from), lambda(to)]);
    let sum = 0, square = 0;
    for (const z of out) {
      sum += z;
      square += z * z;
    }
    // Four standard errors of 16384 draws: 4 / 128, and sqrt(2) times that for the variance.
    assertAlmostEquals(sum / SIZE, 0, 0.0313);
    assertAlmostEquals(square / SIZE, 1, 0.0442);
  }
});

Deno.test("brownianNoise() correlates intervals by the time they share, and by nothing else", () => {
  const noise = brownianNoise(8);
  const step = increment(noise, 2, 1), stage = increment(noise, 2, 1.4);
  assertAlmostEquals(correlation(step, stage), Math.sqrt(0.6), 0.0313);
  assertAlmostEquals(correlation(step, increment(noise, 1, 0.5)), 0, 0.0313);
  assertAlmostEquals(correlation(stage, increment(noise, 1.4, 1)), 0, 0.0313);
  assertAlmostEquals(correlation(step, increment(brownianNoise(9), 2, 1)), 0, 0.0313);
  assertAlmostEquals(correlation(step, increment(brownianNoise(8 + 2 ** 40), 2, 1)), 0, 0.0313);
});

Deno.test("brownianNoise() reverses sign with the direction", () => {
  const noise = brownianNoise(1);
  const there = increment(noise, 2, 1, 8), back = increment(noise, 1, 2, 8);
  assertEquals(there, back.map((z) => -z));
});

Deno.test("brownianNoise() names an interval that has no length or no end", () => {
  const out = new Float32Array(1);
  assertThrows(() => brownianNoise(0)(out, [1, 1]), RangeError, "from lambda 1 to 1");
  assertThrows(() => brownianNoise(0)(out, [-Infinity, 1]), RangeError, "-Infinity");
  assertThrows(() => brownianNoise(0)(out, [NaN, 1]), RangeError, "NaN");
});
