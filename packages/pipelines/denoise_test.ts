/** The loop, with exact denoisers of Gaussian mixtures in the place of networks. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import {
  adaptiveProjected,
  autoguidance,
  type Branch,
  cfgPlusPlus,
  cfgZeroStar,
  classifierFree,
  classifierGuidance,
  type Guidance,
  limitedInterval,
  none,
  renoisingPlan,
} from "@shum/guidance";
import {
  compile,
  ddim,
  dpmSolverMultistep,
  edmSchedule,
  epsilon,
  euler,
  eulerAncestral,
  heun,
  type NoiseLevel,
  type Plan,
  type Prediction,
  sample,
  type Solver,
  torchRandom,
  vPrediction,
} from "@shum/schedulers";
import {
  clusters,
  type Component,
  noise,
  posteriorGradient,
} from "../guidance/testdata/mixture.ts";
import { denoise, type DenoiseOptions, drain, type Predict } from "./mod.ts";

/** From sigma 20 to 0 in geometric steps, in VE scaling. */
function planOf(solver: Solver, steps: number, prediction: Prediction = epsilon): Plan {
  const levels: NoiseLevel[] = Array.from({ length: steps }, (_, i) => {
    const sigma = 20 * (0.01 / 20) ** (i / (steps - 1));
    return { t: sigma, alpha: 1, sigma };
  });
  return compile(solver, prediction, edmSchedule(), [...levels, { t: 0, alpha: 1, sigma: 0 }]);
}

/** The exact network of each branch; it sees cIn x and is told sigma. */
function exact(
  densities: Partial<Record<Branch, readonly Component[]>>,
  prediction: "epsilon" | "sample" | "v" = "epsilon",
): Predict {
  return (input, sigma, branches) => {
    const n = Math.hypot(1, sigma);
    const x = Array.from(input, (value) => value * n);
    const level = { t: sigma, alpha: 1, sigma };
    return Promise.resolve(branches.map((branch) => {
      const eps = noise(densities[branch]!, x, level);
      if (prediction === "epsilon") return eps;
      return eps.map((e, i) => {
        const x0 = x[i]! - sigma * e;
        return prediction === "sample" ? x0 : (e - sigma * x0) / n; // v of the VP scaling
      });
    }));
  };
}

const start = Float32Array.of(9, -14);

function run(options: Partial<DenoiseOptions>): Promise<Float32Array> {
  return drain(denoise({
    plan: planOf(ddim(), 20),
    x: start,
    batch: 1,
    noise: () => {
      throw new Error("no noise was planned");
    },
    guidance: none(),
    predict: exact({ positive: clusters }),
    ...options,
  }));
}

function assertClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < expected.length; i++) {
    assertAlmostEquals(actual[i]!, expected[i]!, tolerance);
  }
}

/** Where the probability flow of N(mean, variance) ends that passes `start` at sigma 20. */
function flowEnd(mean: readonly number[], variance: number): number[] {
  const shrink = Math.sqrt(variance / (variance + 400));
  return mean.map((m, i) => m + (start[i]! - m) * shrink);
}

Deno.test("denoise() follows the guided flow of two Gaussians to its exact end", async () => {
  const g = 3, variance = 0.25;
  const positive = [{ weight: 1, mean: [1, 0.5], variance }];
  const negative = [{ weight: 1, mean: [-0.5, 0], variance }];
  const mean = [0, 1].map((i) =>
    negative[0]!.mean[i]! + g * (positive[0]!.mean[i]! - negative[0]!.mean[i]!)
  );
  const guidance = classifierFree({ scale: g });
  const errors = await Promise.all([40, 80].map(async (steps) => {
    const end = await run({
      plan: planOf(heun(), steps),
      guidance,
      predict: exact({ positive, negative }),
    });
    assertClose(end, flowEnd(mean, variance), 0.02);
    return Math.abs(end[1]! - flowEnd(mean, variance)[1]!);
  }));
  assert(errors[1]! < errors[0]! / 2.5, `errors ${errors} must fall with the step size`);
});

Deno.test("denoise() follows autoguidance to the sharper Gaussian", async () => {
  // p(x)^2 / p_weak(x) with precisions 1/v at every level is no Gaussian flow, but its end lies closer
  // to the mean than the unguided one's.
  const sharp = [{ weight: 1, mean: [0, 0], variance: 1 }];
  const weak = [{ weight: 1, mean: [0, 0], variance: 2 }];
  const plan = planOf(heun(), 40);
  const plain = await run({ plan, predict: exact({ positive: sharp }) });
  const guided = await run({
    plan,
    guidance: autoguidance({ scale: 2 }),
    predict: exact({ positive: sharp, weak }),
  });
  assertClose(plain, flowEnd([0, 0], 1), 0.02);
  assert(Math.hypot(...guided) < 0.8 * Math.hypot(...plain));
});

for (const prediction of ["epsilon", "sample", "v"] as const) {
  Deno.test(`denoise() gives the same result on x0 as on ${prediction} output`, async () => {
    const predictions = { epsilon, sample, v: vPrediction };
    const plan = planOf(ddim(), 20, predictions[prediction]);
    const guidance = classifierFree({ scale: 4 });
    const predict = exact({ positive: [clusters[0]!], negative: clusters }, prediction);
    const on: Guidance = { ...guidance, on: "x0" };
    assertClose(
      await run({ plan, guidance: on, predict }),
      await run({ plan, guidance, predict }),
      1e-4,
    );
  });
}

Deno.test("denoise() with adaptive projected guidance depends on the prediction type only by rounding", async () => {
  const guidance = adaptiveProjected({ scale: 5 });
  const densities = { positive: [clusters[0]!], negative: clusters };
  const results = await Promise.all(
    (["epsilon", "v"] as const).map((prediction) =>
      run({
        plan: planOf(ddim(), 20, prediction === "v" ? vPrediction : epsilon),
        guidance,
        predict: exact(densities, prediction),
      })
    ),
  );
  assertClose(results[0]!, results[1]!, 1e-4);
});

Deno.test("denoise() with CFG++ is algorithm 2, by DDIM, Euler and DPM-Solver++ of order 1", async () => {
  const lambda = 0.6, densities = { positive: [clusters[0]!], negative: clusters };
  const levels = planOf(ddim(), 20).steps.map(({ level }) => level.sigma);
  let x = Array.from(start);
  levels.forEach((sigma, i) => {
    const level = { t: sigma, alpha: 1, sigma }, next = levels[i + 1] ?? 0;
    const c = noise(densities.positive, x, level), u = noise(densities.negative, x, level);
    x = x.map((value, k) => value - sigma * (u[k]! + lambda * (c[k]! - u[k]!)) + next * u[k]!);
  });
  const guidance = cfgPlusPlus({ scale: lambda });
  for (const solver of [ddim(), euler(), dpmSolverMultistep({ order: 1 })]) {
    const end = await run({ plan: planOf(solver, 20), guidance, predict: exact(densities) });
    assertClose(end, x, 2e-5);
  }
});

Deno.test("renoisingPlan() changes no solver's result while the branches agree", async () => {
  const solvers = { ddim: ddim(), euler: euler(), heun: heun(), dpm: dpmSolverMultistep() };
  for (const [name, solver] of Object.entries(solvers)) {
    const plan = planOf(solver, 20);
    const plain = await run({ plan }), renoised = await run({ plan: renoisingPlan(plan) });
    for (let i = 0; i < 2; i++) assertAlmostEquals(renoised[i]!, plain[i]!, 1e-4, name);
  }
});

Deno.test("denoise() with a true classifier is the conditional run", async () => {
  const expected = await run({ predict: exact({ positive: [clusters[1]!] }) });
  const actual = await run({
    guidance: classifierGuidance({ scale: 1 }),
    gradient: (input, sigma) => {
      // d/d(cIn x) = d/dx / cIn: the classifier differentiates in what it is given.
      const n = Math.hypot(1, sigma);
      const x = Array.from(input, (value) => value * n);
      const level = { t: sigma, alpha: 1, sigma };
      return Promise.resolve(posteriorGradient(clusters, 1, x, level).map((g) => g * n));
    },
  });
  assertClose(actual, expected, 1e-4);
});

Deno.test("denoise() shifts the mean by the variance in the ddpm form of classifier guidance", async () => {
  const level = { t: 3, alpha: 1, sigma: 2 };
  const step = { level, x: { terms: { x: 1 }, noise: 0.5 }, ...epsilon(level) };
  const x = await run({
    plan: { steps: [step], eps: "raw" },
    noise: (out) => out.fill(0),
    guidance: classifierGuidance({ scale: 3, form: "ddpm" }),
    gradient: () => Promise.resolve(Float32Array.of(1, -2)),
  });
  const cIn = 1 / Math.hypot(1, 2);
  assertClose(x, [9 + 3 * 0.25 * cIn, -14 - 2 * 3 * 0.25 * cIn], 1e-6);
});

Deno.test("denoise() without a classifier refuses classifier guidance", async () => {
  const guidance = classifierGuidance();
  await assertRejects(() => run({ guidance }), TypeError, "gradient");
});

Deno.test("denoise() does not call the network in a step without branches", async () => {
  let calls = 0;
  const predict: Predict = (x, t, branches) => {
    calls++;
    return exact({ positive: clusters, negative: clusters })(x, t, branches);
  };
  await run({ guidance: cfgZeroStar({ scale: 2, zeroInitSteps: 3 }), predict });
  assertEquals(calls, 17);
});

Deno.test("denoise() asks for one branch outside the interval of its guidance", async () => {
  const asked: number[] = [];
  const predict: Predict = (x, t, branches) => {
    asked.push(branches.length);
    return exact({ positive: clusters, negative: clusters })(x, t, branches);
  };
  await run({ guidance: limitedInterval(classifierFree({ scale: 3 }), [0.25, 0.5]), predict });
  assertEquals(asked, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
});

Deno.test("denoise() yields each call's prediction, and the last x is the result", async () => {
  const steps = denoise({
    plan: planOf(ddim(), 20),
    x: start,
    batch: 1,
    noise: () => {},
    guidance: none(),
    predict: exact({ positive: clusters }),
  });
  const seen: number[] = [];
  let last = new Float32Array(2);
  while (true) {
    const next = await steps.next();
    if (next.done) {
      assertEquals(next.value, last);
      break;
    }
    seen.push(next.value.index);
    if (next.value.index === 19) assertClose(next.value.x, next.value.x0, 1e-6); // sigma ends at 0
    last = Float32Array.from(next.value.x);
  }
  assertEquals(seen, Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("denoise() stops at every step it is told to, with the signal's reason", async () => {
  for (let stop = 0; stop < 20; stop++) {
    const controller = new AbortController();
    const reason = new Error(`stop at ${stop}`);
    let calls = 0;
    const predict: Predict = (x, t, branches) => {
      if (calls++ === stop) controller.abort(reason);
      return exact({ positive: clusters })(x, t, branches);
    };
    await assertRejects(() => run({ predict, signal: controller.signal }), Error, reason.message);
    assertEquals(calls, stop + 1);
  }
});

Deno.test("denoise() with an aborted signal calls no network", async () => {
  const predict = () => Promise.reject(new Error("called"));
  const signal = AbortSignal.abort(new Error("before"));
  await assertRejects(() => run({ predict, signal }), Error, "before");
});

Deno.test("denoise() draws a stochastic sampler's noise in order from one stream", async () => {
  const sizes: number[] = [];
  const generator = torchRandom(0);
  await run({
    plan: planOf(eulerAncestral(), 10),
    noise: (out) => {
      sizes.push(out.length);
      generator.fill(out);
    },
  });
  assertEquals(sizes, new Array(10).fill(2));
});

Deno.test("denoise() splits variance channels off, per sample", async () => {
  const level = { t: 3, alpha: 1, sigma: 2 };
  const low = 0.5, high = 2;
  const step = { level, x: { terms: { eps: 1 }, noise: { low, high } }, ...epsilon(level) };
  const x = await run({
    plan: { steps: [step], eps: "raw" },
    batch: 2,
    noise: (out) => out.fill(1),
    predict: () => Promise.resolve([Float32Array.of(10, -1, 20, 1)]), // eps, v; eps, v
  });
  assertClose(x, [10 + low, 20 + high], 1e-5);
});

Deno.test("denoise() refuses outputs of another size", async () => {
  const predict = () => Promise.resolve([new Float32Array(3)]);
  await assertRejects(() => run({ predict }), RangeError, "3 values for a sample of 2");
});

Deno.test("denoise() lets afterStep change the sample", async () => {
  const seen: number[] = [];
  const end = await run({
    afterStep: (x, index) => {
      seen.push(index);
      if (index === 19) x.fill(7);
    },
  });
  assertEquals([...end], [7, 7]);
  assertEquals(seen.length, 20);
});
