import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { drive } from "./adaptive.ts";
import { between, upperTail } from "./_normal.ts";
import { epsilon } from "../plan/prediction.ts";
import { continuousView } from "../schedules/continuous_view.ts";
import { betas } from "../schedules/betas.ts";
import { discreteSchedule } from "../schedules/discrete.ts";
import { torchRandom } from "../random/torch_random.ts";
import { variationalBound, type VariationalBoundOptions } from "./variational_bound.ts";

const schedule = discreteSchedule(betas("linear", { start: 1e-4, end: 0.02, length: 1000 }));
/** `count` levels, evenly spaced in log sigma. */
const chain = (count: number) =>
  Array.from({ length: count }, (_, i) => schedule.atLambda(-5 + 9.5 * i / (count - 1)));

/** The bound of data N(0, s²) with the exact network. */
function bound(x: Float32Array, s: number, count: number, options: VariationalBoundOptions) {
  return drive(variationalBound(x, chain(count), torchRandom(7), options), epsilon, (x, t) => {
    const { alpha, sigma } = schedule.at(t);
    return x.map((value) => sigma * value / ((alpha * s) ** 2 + sigma ** 2));
  });
}

Deno.test("upperTail() has the published digits of the normal distribution", () => {
  assertAlmostEquals(upperTail(0), 0.5, 1e-16);
  assertAlmostEquals(upperTail(1), 0.15865525393145707, 1e-15);
  assertAlmostEquals(upperTail(2.5) / 6.209665325776132e-3, 1, 1e-12);
  assertAlmostEquals(upperTail(6) / 9.865876450376946e-10, 1, 1e-12);
  assertEquals(upperTail(Infinity), 0);
  assertAlmostEquals(between(5, 6), upperTail(5) - upperTail(6), 1e-20);
  assertAlmostEquals(between(-Infinity, 1), 1 - 0.15865525393145707, 1e-15);
});

Deno.test("variationalBound() of a Gaussian lies above its entropy and comes near with many steps", async () => {
  const x = new Float32Array(4000), s = 0.5;
  torchRandom(1).fill(x);
  for (let i = 0; i < x.length; i++) x[i]! *= s;
  let square = 0;
  for (const value of x) square += (value / s) ** 2;
  const exact = (square / x.length + Math.log(2 * Math.PI * s * s)) / 2 / Math.LN2;
  const gaps: number[] = [];
  for (const count of [10, 50, 1000]) {
    const { total, prior, terms, decoder, calls } = await bound(x, s, count, {
      decoder: "density",
    });
    assertAlmostEquals(total, prior + terms.reduce((sum, term) => sum + term, 0) + decoder, 1e-9);
    assert(terms.every((term) => term >= 0) && prior >= 0);
    assertEquals([terms.length, calls], [count - 1, count]);
    gaps.push(total - exact);
  }
  assert(gaps.every((gap) => gap > -0.01), `${gaps}`);
  assertLess(gaps[1]!, gaps[0]! / 3);
  assertLess(gaps[2]!, gaps[1]! / 10);
});

Deno.test("variationalBound()'s two variances are each tighter for their kind of data", async () => {
  const wide = Float32Array.of(1.3, -0.2, 0.6, -1.1), point = new Float32Array(4);
  const total = async (x: Float32Array, s: number, variance: "fixed_small" | "fixed_large") =>
    (await bound(x, s, 20, { decoder: "density", variance })).total;
  assertLess(await total(wide, 1, "fixed_large"), await total(wide, 1, "fixed_small"));
  assertLess(await total(point, 0, "fixed_small"), await total(point, 0, "fixed_large"));
});

Deno.test("variationalBound() with bins gives 256 pixel values probabilities that sum to 1", async () => {
  // One level: the decoder alone, by a network that answers x̂0 = 0 whatever it sees.
  const levels = [schedule.at(999), schedule.at(2)];
  let sum = 0;
  for (let value = 0; value < 256; value++) {
    const x = Float32Array.of(value / 127.5 - 1);
    const { decoder } = await drive(
      variationalBound(x, levels, torchRandom(0)),
      epsilon,
      (x, t) => x.map((v) => v / schedule.at(t).sigma),
    );
    const p = 2 ** -decoder;
    sum += p > 1.1e-12 ? p : 0; // as guided-diffusion, no less than 1e-12
  }
  assertAlmostEquals(sum, 1, 1e-6);
});

Deno.test("variationalBound() takes levels of a VE view, where the bound is the same", async () => {
  const x = Float32Array.of(0.3, -0.2),
    [vp, ve] = [continuousView(schedule), continuousView(schedule, "ve")];
  const totals = await Promise.all([vp, ve].map(async (view) => {
    const levels = Array.from({ length: 50 }, (_, i) => view.at(1 - i / 50));
    const { terms, prior } = await drive(
      variationalBound(x, levels, torchRandom(3), { decoder: "density" }),
      epsilon,
      (x, t) => { // x in VP scaling, whatever the view
        const { alpha, sigma } = vp.at(t);
        return x.map((value) => sigma * value / ((alpha / 2) ** 2 + sigma ** 2));
      },
    );
    return prior + terms.reduce((sum, term) => sum + term, 0);
  }));
  assertAlmostEquals(totals[0]!, totals[1]!, 1e-3);
});

Deno.test("variationalBound() names levels that do not fall", () => {
  const x = new Float32Array(1), wrong = [schedule.at(10), schedule.at(20)];
  assertThrows(() => variationalBound(x, wrong, torchRandom(0)).next(), RangeError, "falling");
});
