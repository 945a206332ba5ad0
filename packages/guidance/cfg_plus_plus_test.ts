import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Combination, epsilon, type NoiseLevel, type Plan } from "@shum/schedulers";
import { cfgPlusPlus, renoisingPlan } from "./mod.ts";
import { clusters, noise } from "./testdata/mixture.ts";

const s: NoiseLevel = { t: 500, alpha: 0.6, sigma: 0.8 };
const t: NoiseLevel = { t: 400, alpha: 0.8, sigma: 0.6 };

/** A one-step plan for noise prediction. */
function plan(x: Combination, level = s): Plan {
  return { steps: [{ level, x, ...epsilon(level) }], eps: "raw" };
}

/** What algorithm 2 does, with its own symbols. */
function algorithm2(x: readonly number[], lambda: number): number[] {
  const c = noise([clusters[0]!], x, s), u = noise(clusters, x, s);
  return x.map((value, i) => {
    const guided = u[i]! + lambda * (c[i]! - u[i]!);
    const x0 = (value - s.sigma * guided) / s.alpha;
    return t.alpha * x0 + t.sigma * u[i]!;
  });
}

/** The plan's sum with x0 from the guided noise and eps from the branch named by `renoise`. */
function planned(x: readonly number[], lambda: number, combination: Combination): number[] {
  const guidance = cfgPlusPlus({ scale: lambda });
  const predictions = { positive: noise([clusters[0]!], x, s), negative: noise(clusters, x, s) };
  const guided = new Float32Array(x.length);
  guidance.start({ batch: 1 })(guided, predictions, { index: 0, total: 2, level: s });
  const eps = predictions[guidance.renoise as "negative"];
  const terms = renoisingPlan(plan(combination)).steps[0]!.x.terms;
  assertEquals(Object.keys(terms).sort(), ["eps", "x0"]);
  return x.map((value, i) => {
    const x0 = (value - s.sigma * guided[i]!) / s.alpha;
    return terms.x0! * x0 + terms.eps! * eps[i]!;
  });
}

Deno.test("cfgPlusPlus() is algorithm 2 on DDIM, however the step is written", () => {
  const x = [0.2, -0.4], lambda = 0.6;
  const ddim = { terms: { x0: t.alpha, eps: t.sigma } };
  const scale = t.alpha / s.alpha;
  const euler = { terms: { x: scale, eps: t.sigma - s.sigma * scale } };
  const solver = { terms: { x: t.sigma / s.sigma, x0: t.alpha - s.alpha * t.sigma / s.sigma } };
  for (const combination of [ddim, euler, solver]) {
    const actual = planned(x, lambda, combination), expected = algorithm2(x, lambda);
    actual.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-6));
  }
});

Deno.test("cfgPlusPlus() with scale 0 is the unconditional step", () => {
  const x = [0.2, -0.4], u = noise(clusters, x, s);
  const actual = planned(x, 0, { terms: { x0: t.alpha, eps: t.sigma } });
  x.forEach((value, i) => {
    const x0 = (value - s.sigma * u[i]!) / s.alpha;
    assertAlmostEquals(actual[i]!, t.alpha * x0 + t.sigma * u[i]!, 1e-6);
  });
});

Deno.test("renoisingPlan() keeps noise, intervals and past predictions", () => {
  const combination: Combination = {
    terms: { x: 0.5, x0: 0.3, "x0[-1]": -0.1 },
    noise: 0.2,
    interval: [0, 1],
  };
  const step = renoisingPlan(plan(combination)).steps[0]!;
  assertEquals(step.x.noise, 0.2);
  assertEquals(step.x.interval, [0, 1]);
  assertEquals(step.x.terms, { "x0[-1]": -0.1, eps: 0.5 * 0.8, x0: 0.5 * 0.6 + 0.3 });
});

Deno.test("renoisingPlan() writes an old sample with the level it had", () => {
  const first = plan({ terms: { x0: t.alpha, eps: t.sigma } }).steps[0]!;
  const second = plan({ terms: { "x[-1]": 2, "eps[-1]": 0.5, eps: 0.5 } }, t).steps[0]!;
  const steps = renoisingPlan({ steps: [first, second], eps: "raw" }).steps;
  assertEquals(steps[1]!.x.terms, {
    "x0[-1]": 2 * s.alpha,
    "eps[-1]": 2 * s.sigma + 0.5,
    eps: 0.5,
  });
});

Deno.test("cfgPlusPlus() throws on the scale of ordinary guidance", () => {
  assertThrows(() => cfgPlusPlus({ scale: 7.5 }), RangeError, "expected 0 to 1");
});
