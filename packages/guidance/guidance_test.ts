/** Properties of single methods that neither densities nor recordings show. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { NoiseLevel } from "@shum/schedulers";
import {
  adaptivePerturbedScale,
  adaptiveProjected,
  autoguidance,
  type Branch,
  cfgPlusPlus,
  cfgZeroStar,
  clampLinearScale,
  classifierFree,
  classifierGuidance,
  composable,
  cosineScale,
  type Guidance,
  limitedInterval,
  linearScale,
  none,
  perturbedAttention,
  poweredCosineScale,
  rescale,
  type Scale,
  scaleAt,
} from "./mod.ts";

const level: NoiseLevel = { t: 500, alpha: 0.6, sigma: 0.8 };
const progress = { index: 3, total: 10, level };
const c = Float32Array.of(1, -2, 0.5, 3), u = Float32Array.of(0.5, -1, 1, 1);

function combine(guidance: Guidance, positive = c, negative = u, batch = 1): Float32Array {
  const out = new Float32Array(positive.length);
  guidance.start({ batch })(out, { positive, negative }, progress);
  return out;
}

const everyMethod: Readonly<Record<string, Guidance>> = {
  none: none(),
  classifierFree: classifierFree({ scale: 5 }),
  composable: composable({ weights: [5] }),
  rescale: rescale(classifierFree({ scale: 5 }), { phi: 0.7 }),
  adaptiveProjected: adaptiveProjected({ scale: 5 }),
  cfgPlusPlus: cfgPlusPlus({ scale: 0.5 }),
  cfgZeroStar: cfgZeroStar({ scale: 5 }),
  autoguidance: autoguidance({ scale: 2 }),
  perturbedAttention: perturbedAttention({ scale: 5 }),
  classifierGuidance: classifierGuidance({ scale: 5 }),
};

for (const [name, guidance] of Object.entries(everyMethod)) {
  Deno.test(`${name}() outside its interval is the positive prediction alone`, () => {
    const limited = limitedInterval(guidance, [0.5, 1]);
    assertEquals(limited.branches(progress), ["positive"]);
    const out = new Float32Array(4);
    limited.start({ batch: 1 })(out, { positive: c }, progress);
    assertEquals(out, c);
  });

  Deno.test(`${name}() changes nothing when all predictions agree`, () => {
    const predictions: Partial<Record<Branch, Float32Array>> = {};
    for (const branch of guidance.branches(progress)) predictions[branch] = Float32Array.from(c);
    const out = new Float32Array(4);
    guidance.start({ batch: 1 })(out, predictions, progress);
    out.forEach((value, i) => assertAlmostEquals(value, c[i]!, 1e-6));
  });

  Deno.test(`${name}() treats a sample alike alone and in a batch`, () => {
    const alone = guidance.start({ batch: 1 }), both = guidance.start({ batch: 2 });
    for (let index = 3; index < 6; index++) { // several calls, so that a momentum shows
      const single: Partial<Record<Branch, Float32Array>> = {};
      const double: Partial<Record<Branch, Float32Array>> = {};
      guidance.branches({ ...progress, index }).forEach((branch, k) => {
        const own = Float32Array.from(c, (value, i) => value * Math.cos(index + k + i));
        single[branch] = own;
        double[branch] = Float32Array.of(...own.map((value, i) => 9 - value * i), ...own);
      });
      const one = new Float32Array(4), two = new Float32Array(8);
      alone(one, single, { ...progress, index });
      both(two, double, { ...progress, index });
      assertEquals(two.slice(4), one);
    }
  });

  Deno.test(`${name}() may write over the positive prediction`, () => {
    const make = () => {
      const predictions: Partial<Record<Branch, Float32Array>> = {};
      guidance.branches(progress).forEach((branch, k) => {
        predictions[branch] = Float32Array.from(c, (value, i) => value + k * Math.sin(i + 1));
      });
      return predictions;
    };
    const apart = new Float32Array(4), inPlace = make();
    guidance.start({ batch: 1 })(apart, make(), progress);
    guidance.start({ batch: 1 })(inPlace.positive!, inPlace, progress);
    assertEquals(inPlace.positive, apart);
  });
}

Deno.test("scale 1 asks for one evaluation", () => {
  const off = [
    classifierFree({ scale: 1 }),
    adaptiveProjected({ scale: 1 }),
    autoguidance({ scale: 1 }),
    perturbedAttention({ scale: 1, perturbedScale: 0 }),
    cfgZeroStar({ scale: 1, zeroInitSteps: 0 }),
  ];
  for (const guidance of off) assertEquals(guidance.branches(progress), ["positive"]);
});

Deno.test("limitedInterval() by sigma bounds sigma / alpha and includes the upper end", () => {
  const guidance = limitedInterval(classifierFree({ scale: 3 }), [0.5, 2], { by: "sigma" });
  const count = (sigma: number, alpha = 1) =>
    guidance.branches({ index: 0, total: 1, level: { t: 0, alpha, sigma } }).length;
  assertEquals([0.5, 0.51, 2, 2.01].map((sigma) => count(sigma)), [1, 2, 2, 1]);
  assertEquals(count(0.8, 0.6), 2);
  assertEquals(count(1, 0), 1);
});

Deno.test("rescale() with phi 0 changes nothing, with phi 1 restores each sample's deviation", () => {
  const guidance = classifierFree({ scale: 6 });
  assertEquals(combine(rescale(guidance, { phi: 0 })), combine(guidance));
  const out = combine(rescale(guidance, { phi: 1 }), c, u, 2);
  for (const b of [0, 2]) { // two values each: the deviation is their distance / sqrt(2)
    assertAlmostEquals(Math.abs(out[b]! - out[b + 1]!), Math.abs(c[b]! - c[b + 1]!), 1e-6);
  }
});

Deno.test("adaptiveProjected() without eta adds only what is orthogonal to the positive", () => {
  const out = combine(adaptiveProjected({ scale: 4, momentum: 0, radius: Infinity }));
  let product = 0;
  for (let i = 0; i < 4; i++) product += (out[i]! - c[i]!) * c[i]!;
  assertAlmostEquals(product, 0, 1e-5);
});

Deno.test("adaptiveProjected() with eta 1 and no limits is classifierFree()", () => {
  const options = { scale: 4, eta: 1, momentum: 0, radius: Infinity };
  const expected = combine(classifierFree({ scale: 4 }));
  for (const from of ["positive", "negative"] as const) {
    const out = combine(adaptiveProjected({ ...options, from }));
    out.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-5));
  }
});

Deno.test("adaptiveProjected() shortens the guidance to the radius", () => {
  const out = combine(adaptiveProjected({ scale: 2, eta: 1, momentum: 0, radius: 0.1 }));
  assertAlmostEquals(Math.hypot(...out.map((value, i) => value - c[i]!)), 0.1, 1e-6);
});

Deno.test("adaptiveProjected() starts its momentum anew with each run", () => {
  const guidance = adaptiveProjected({ scale: 4 });
  const first = guidance.start({ batch: 1 });
  const a = new Float32Array(4), b = new Float32Array(4);
  first(a, { positive: c, negative: u }, progress);
  first(b, { positive: c, negative: u }, progress);
  assert(a[0] !== b[0], "the second call of a run must remember the first");
  assertEquals(combine(guidance), a);
});

Deno.test("cfgZeroStar() takes no step at first, and no network", () => {
  const guidance = cfgZeroStar({ zeroInitSteps: 2 });
  assertEquals(guidance.branches({ ...progress, index: 1 }), []);
  const out = Float32Array.from(c);
  guidance.start({ batch: 1 })(out, {}, { ...progress, index: 1 });
  assertEquals([...out], [0, 0, 0, 0]);
  assertEquals(guidance.branches({ ...progress, index: 2 }), ["positive", "negative"]);
});

Deno.test("cfgZeroStar() ignores the length of the negative prediction", () => {
  const guidance = cfgZeroStar({ scale: 3, zeroInitSteps: 0 });
  const expected = combine(guidance);
  const out = combine(guidance, c, u.map((value) => 10 * value));
  out.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-5));
});

Deno.test("scale schedules rise, end where they should, and have the promised mean", () => {
  const total = 1001;
  const values = (scale: Scale) =>
    Array.from({ length: total }, (_, index) => scaleAt(scale, { index, total, level }));
  const ends: [Scale, number, number][] = [
    [linearScale(5), 0, 10],
    [cosineScale(5), 0, 10],
    [clampLinearScale(5, 2), 2, 10],
    [poweredCosineScale(5, 3), 0, 5],
  ];
  for (const [scale, first, last] of ends) {
    const all = values(scale);
    assertAlmostEquals(all[0]!, first, 1e-12);
    assertAlmostEquals(all[total - 1]!, last, 1e-12);
    for (let i = 1; i < total; i++) assert(all[i]! >= all[i - 1]!);
  }
  for (const scale of [linearScale(5), cosineScale(5)]) {
    assertAlmostEquals(values(scale).reduce((sum, value) => sum + value) / total, 5, 1e-9);
    assertAlmostEquals(scaleAt(scale, { index: 0, total: 1, level }), 5, 1e-9);
  }
});

Deno.test("classifierFree() reads a varying scale at every step", () => {
  const guidance = classifierFree({ scale: linearScale(3) });
  const run = guidance.start({ batch: 1 }), out = new Float32Array(4);
  run(out, { positive: c, negative: u }, { index: 2, total: 3, level });
  out.forEach((value, i) => assertAlmostEquals(value, u[i]! + 6 * (c[i]! - u[i]!), 1e-6));
});

Deno.test("adaptivePerturbedScale() fades out with the timestep and then saves the branch", () => {
  const guidance = perturbedAttention({
    scale: 1,
    perturbedScale: adaptivePerturbedScale(3, 0.01),
  });
  const at = (t: number) => guidance.branches({ ...progress, level: { ...level, t } });
  assertEquals(at(1000), ["positive", "perturbed"]);
  assertEquals(at(600), ["positive"]);
});

Deno.test("bad options throw and name the value", () => {
  const guidance = none();
  assertThrows(() => classifierFree({ scale: NaN }), RangeError, "scale is NaN");
  assertThrows(() => classifierFree({ scale: "7" as unknown as number }), TypeError, "string");
  assertThrows(() => composable({ weights: [] }), RangeError, "0 weights");
  assertThrows(() => composable({ weights: [1, Infinity] }), RangeError, "weights[1]");
  assertThrows(() => rescale(guidance, { phi: 1.1 }), RangeError, "phi is 1.1");
  assertThrows(() => limitedInterval(guidance, [0.6, 0.2]), RangeError, "[0.6, 0.2]");
  assertThrows(() => limitedInterval(guidance, [0, 2]), RangeError, "to <= 1");
  assertThrows(() => limitedInterval(guidance, [2, 1], { by: "sigma" }), RangeError, "[2, 1]");
  assertThrows(() => adaptiveProjected({ radius: 0 }), RangeError, "radius is 0");
  assertThrows(() => cfgZeroStar({ zeroInitSteps: 1.5 }), RangeError, "1.5");
  assertThrows(() => poweredCosineScale(1, 0), RangeError, "power is 0");
  assertThrows(() => perturbedAttention({ interval: [0.5, 0.5] }), RangeError, "[0.5, 0.5]");
});
