// Every score-based sampler draws a mixture of Gaussians in the plane, with its exact score, and is held to
// the true moments at the level where it ends, within four standard errors.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { adaptive } from "../adaptive/adaptive.ts";
import { plane } from "../adaptive/_mixture_test.ts";
import { gaussianNoise } from "../random/gaussian.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { compile, type Solver } from "../plan/plan.ts";
import { score } from "../plan/prediction.ts";
import { Runner } from "../plan/runner.ts";
import { type Sde, subVpSde, veSde, vpSde } from "../schedules/sde.ts";
import { torchRandom } from "../random/torch_random.ts";
import type { Trajectory } from "../plan/trajectory.ts";
import {
  annealedLangevin,
  annealingLevels,
  annealingPresets,
  scaledScore,
  sgld,
} from "./langevin.ts";
import { predictorCorrector } from "../adaptive/predictor_corrector.ts";
import { probabilityFlow } from "../adaptive/probability_flow.ts";
import { eulerMaruyama, reverseDiffusion } from "./reverse_sde.ts";

const COUNT = 4000;
const processes: Record<string, Sde> = {
  VP: vpSde(),
  "sub-VP": subVpSde(),
  VE: veSde({ sigmaMin: 0.01, sigmaMax: 20 }),
};

function start(scale: number, seed = 0): Float32Array {
  const x = new Float32Array(2 * COUNT);
  torchRandom(seed).fill(x);
  return x.map((value) => scale * value);
}

function timesOf(sde: Sde, steps: number, end: number): NoiseLevel[] {
  return Array.from({ length: steps + 1 }, (_, i) => sde.at(1 + i / steps * (end - 1)));
}

function run(trajectory: Trajectory): Float32Array {
  while (!trajectory.done) trajectory.step(plane.score(trajectory.x, trajectory.level));
  return trajectory.x;
}

function runPlan(solver: Solver, levels: readonly NoiseLevel[], x: Float32Array): Float32Array {
  const plan = compile(solver, score, veSde(), levels);
  return run(new Runner(plan, x, gaussianNoise(torchRandom(1))));
}

for (const [name, sde] of Object.entries(processes)) {
  const end = name === "VE" ? 1e-5 : 1e-3;

  Deno.test(`eulerMaruyama() on the reverse ${name} SDE samples the mixture`, () => {
    const levels = timesOf(sde, 500, end);
    plane.assertSampled(runPlan(eulerMaruyama(sde), levels, start(sde.prior)), levels.at(-1)!);
  });

  Deno.test(`probabilityFlow() of the ${name} SDE samples the mixture`, () => {
    const flow = probabilityFlow(start(sde.prior), sde, { to: end });
    const trajectory = adaptive(flow, score);
    plane.assertSampled(run(trajectory), sde.at(end));
    assert(trajectory.index < 600, `took ${trajectory.index} calls`);
  });

  Deno.test(`predictorCorrector() on the reverse ${name} SDE samples the mixture`, () => {
    const levels = timesOf(sde, 300, end);
    const noise = gaussianNoise(torchRandom(2));
    const predictor = name === "sub-VP" ? eulerMaruyama(sde) : reverseDiffusion();
    // A batch of as many samples as points; a small ratio, since a step of the corrector is biased
    // by its size and the plane has two dimensions only.
    const sampler = predictorCorrector(start(sde.prior), levels, sde, noise, {
      predictor,
      snr: 0.05,
      batch: COUNT,
    });
    const trajectory = adaptive(sampler, score, { total: 600 });
    plane.assertSampled(run(trajectory), levels.at(-1)!);
    assertEquals([trajectory.index, trajectory.total], [600, 600]);
  });
}

for (const name of ["VP", "VE"]) {
  Deno.test(`reverseDiffusion() on the reverse ${name} SDE samples the mixture`, () => {
    const sde = processes[name]!, levels = timesOf(sde, 500, 1e-3);
    plane.assertSampled(runPlan(reverseDiffusion(), levels, start(sde.prior)), levels.at(-1)!);
  });
}

Deno.test("probabilityFlow() comes back from noise to the data it encoded", () => {
  const sde = processes["VP"]!,
    x = start(0.5).subarray(0, 64),
    options = { rtol: 1e-7, atol: 1e-7 };
  const encode = probabilityFlow(x, sde, { from: 0.01, to: 1, ...options });
  const latent = run(adaptive(encode, score));
  const decode = probabilityFlow(latent, sde, { from: 1, to: 0.01, ...options });
  const back = run(adaptive(decode, score));
  x.forEach((value, i) => assert(Math.abs(value - back[i]!) < 1e-3, `${value} ${back[i]}`));
});

Deno.test("probabilityFlow() takes the remaining noise off at the end when asked", () => {
  const sde = processes["VE"]!, to = 0.1, x = start(sde.prior).subarray(0, 32);
  const plain = run(adaptive(probabilityFlow(x, sde, { to }), score));
  const denoised = run(adaptive(probabilityFlow(x, sde, { to, denoise: true }), score));
  const { sigma } = sde.at(to), scores = plane.score(plain, sde.at(to));
  const expected = plain.map((value, i) => value + sigma ** 2 * scores[i]!);
  expected.forEach((value, i) => assert(Math.abs(value - denoised[i]!) < 1e-6));
});

Deno.test("annealedLangevin() samples the mixture", () => {
  const settings = { sigmaMax: 3, sigmaMin: 0.05, levels: 20, epsilon: 1e-4, stepsPerLevel: 60 };
  const levels = annealingLevels(settings).slice(0, -1);
  const x = runPlan(annealedLangevin(settings), levels, start(3));
  plane.assertSampled(x, levels.at(-1)!);
});

Deno.test("annealedLangevin() ends with a denoising step when the last level is clean", () => {
  const settings = annealingPresets["ncsnv2-cifar10"];
  const plan = compile(annealedLangevin(settings), scaledScore, veSde(), annealingLevels(settings));
  assertEquals(plan.steps.length, 232 * 5 + 1);
  const { x, level, cSkip, cOut } = plan.steps.at(-1)!;
  assertEquals([x, cSkip, cOut], [{ terms: { x0: 1 } }, 1, level.sigma]);
});

Deno.test("sgld() samples the mixture at a level where it can cross between the clusters", () => {
  const level = { t: 0, alpha: 1, sigma: 0.5 };
  const levels = Array.from({ length: 1501 }, () => level);
  plane.assertSampled(runPlan(sgld({ rate: 0.01 }), levels, start(1)), level);
});

Deno.test("score-based samplers name settings that cannot be", () => {
  const sde = vpSde(), x = start(1), noise = () => {};
  const levels = timesOf(sde, 2, 0.1);
  const begin = (options: object) =>
    predictorCorrector(x, levels, sde, noise, {
      predictor: reverseDiffusion(),
      snr: 0.16,
      ...options,
    }).next(x);
  assertThrows(() => sgld({ rate: 0 }), RangeError, "rate is 0");
  assertThrows(() => annealedLangevin({ epsilon: 1, stepsPerLevel: 0.5 }), RangeError, "is 0.5");
  assertThrows(() => eulerMaruyama(sde, { dt: -1 }), RangeError, "dt is -1");
  assertThrows(() => begin({ snr: NaN }), RangeError, "snr is NaN");
  assertThrows(() => begin({ batch: 3 }), RangeError, "batch is 3");
  const twoStep: Solver = (l) => [{ level: l[0]!, x: { terms: { x: 1, "eps[-1]": 1 } } }];
  assertThrows(() => begin({ predictor: twoStep }), RangeError, "eps[-1]");
  assertThrows(() => probabilityFlow(x, sde, { to: 0 }).next(x), RangeError, "to is 0");
  assertThrows(() => probabilityFlow(x, sde, { rtol: 0 }).next(x), RangeError, "rtol is 0");
  const trajectory = adaptive(probabilityFlow(x, sde), score);
  assertThrows(() => trajectory.step(new Float32Array(1)), RangeError, "output has 1 elements");
  assertThrows(
    () => {
      while (true) trajectory.step(new Float32Array(x.length).fill(NaN));
    },
    RangeError,
    "Is the model's output finite?",
  );
});
