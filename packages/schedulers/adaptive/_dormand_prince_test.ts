// Expected values: scipy 1.17.1, solve_ivp(method="RK45", rtol=tol, atol=tol): the same calls, and the same
// result but for rounding.
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { dormandPrince } from "./_dormand_prince.ts";

type Field = (t: number, y: Float64Array) => number[];

function integrate(
  start: number[],
  from: number,
  to: number,
  tolerance: number,
  field: Field,
  maxSteps = 1e5,
): [calls: number, y: number[]] {
  const y = Float64Array.from(start);
  const run = dormandPrince<undefined, undefined>(y, from, to, function* (t, state, out) {
    out.set(field(t, state));
    yield undefined;
  }, { rtol: tolerance, atol: tolerance, maxSteps });
  let next = run.next(undefined);
  while (!next.done) next = run.next(undefined);
  return [next.value, [...y]];
}

const oscillator: Field = (t, y) => [y[1]!, -y[0]! + 0.1 * Math.sin(t)];
const stiff: Field = (t, y) => [-50 * (y[0]! - Math.cos(t))];

Deno.test("dormandPrince() makes scipy's steps, forwards", () => {
  const [calls, y] = integrate([1, 0.5], 0, 10, 1e-5, oscillator);
  assertEquals(calls, 146);
  assertAlmostEquals(y[0]!, -0.7187117527648509, 1e-12);
  assertAlmostEquals(y[1]!, -0.14749584890225237, 1e-12);
});

Deno.test("dormandPrince() makes scipy's steps, backwards", () => {
  const [calls, y] = integrate([1, 0.5], 10, 0, 1e-7, oscillator);
  assertEquals(calls, 368);
  assertAlmostEquals(y[0]!, -0.08988436091330627, 1e-12);
  assertAlmostEquals(y[1]!, -0.9783544690292683, 1e-12);
});

Deno.test("dormandPrince() rejects steps as scipy does where the field is stiff", () => {
  const [calls, y] = integrate([0], 0, 2, 1e-5, stiff);
  assertEquals(calls, 374);
  assertAlmostEquals(y[0]!, -0.39779753848971744, 1e-12);
});

Deno.test("dormandPrince() does nothing over no time, and gives up with a reason", () => {
  assertEquals(integrate([3], 1, 1, 1e-5, stiff), [0, [3]]);
  assertThrows(() => integrate([0], 0, 2, 1e-9, stiff, 5), RangeError, "after 5 steps");
  assertThrows(() => integrate([0], 0, 2, 1e-5, () => [NaN]), RangeError, "finite");
});
