/** Guidance in the loop, against what is known of Gaussian mixtures. */
import { assert, assertAlmostEquals, assertRejects } from "@std/assert";
import {
  adaptiveProjected,
  autoguidance,
  cfgPlusPlus,
  classifierFree,
  classifierGuidance,
  type Guidance,
  renoisingPlan,
} from "@shum/guidance";
import {
  ddim,
  dpmSolverMultistep,
  epsilon,
  euler,
  heun,
  sample,
  vPrediction,
} from "@shum/schedulers";
import { clusters, noise, posteriorGradient } from "../../guidance/testdata/mixture.ts";
import { assertClose, exact, planOf, run, start } from "../testdata/gaussian_run.ts";

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
