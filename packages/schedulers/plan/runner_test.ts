import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { runExact } from "../_exact_test.ts";
import { clipSample } from "../arithmetic/clip.ts";
import { compile, type Plan, type PlanStep, type Solver } from "./plan.ts";
import { epsilon, sample, vPrediction } from "./prediction.ts";
import { REGISTRY } from "../config/registry.ts";
import { Runner } from "./runner.ts";
import { Scheduler } from "../scheduler.ts";
import { edmSchedule } from "../schedules/edm.ts";
import { ddim } from "../solvers/ddim.ts";
import { ddpm } from "../solvers/ddpm.ts";

const silent = (out: Float32Array) => void out.fill(0);
const levels = [4, 2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
const schedule = edmSchedule();

/** A source whose k-th draw is k/10 everywhere. */
function counting(): { fill: (out: Float32Array) => void; next: () => number } {
  let k = 0;
  const next = () => ++k / 10;
  return { next, fill: (out) => void out.fill(next()) };
}

for (const className of Object.keys(REGISTRY)) {
  Deno.test(`the runner does what ${className}'s plan says`, () => {
    const scheduler = Scheduler.fromConfig({
      _class_name: className,
      clip_sample: false,
      clip_denoised: false,
      set_alpha_to_one: false, // a clean level has no noise to divide by
    });
    scheduler.setTimesteps(className === "ConsistencyDecoderScheduler" ? 2 : 9);
    const { plan } = scheduler;
    const start = [0.5, -1, 2].map((value) => value * scheduler.initNoiseSigma);
    // The same affine model, in terms of x0 and as the network's raw output.
    const x0 = (x: number) => 0.3 * x + 0.1;
    const draws = counting();
    const expected = runExact(plan, start, (x) => x.map(x0), () => {
      const value = draws.next();
      return start.map(() => value);
    });
    const runner = scheduler.runner(Float32Array.from(start), counting().fill);
    while (!runner.done) {
      const { cSkip, cOut } = plan.steps[runner.index]!;
      runner.step(runner.x.map((x) => cOut === 0 ? 0 : (x0(x) - cSkip * x) / cOut));
    }
    const scale = Math.max(1, ...expected.map(Math.abs));
    const worst = Math.max(...plan.steps.map(({ cSkip }) => Math.abs(cSkip))); // of float32's noise
    runner.x.forEach((x, i) => {
      assertAlmostEquals(x, expected[i]!, 1e-5 * scale * Math.max(1, worst / 10));
    });
  });
}

Deno.test("x0 is what the last output implies, in every parametrisation", () => {
  for (const prediction of [epsilon, sample, vPrediction]) {
    const runner = new Runner(
      compile(ddim(), prediction, schedule, levels),
      Float32Array.of(3),
      silent,
    );
    const { cSkip, cOut } = prediction(levels[0]!);
    runner.step(Float32Array.of((0.7 - cSkip * 3) / cOut));
    assertAlmostEquals(runner.x0[0]!, 0.7, 1e-6);
  }
});

Deno.test("x is live: what is written into it is what the next step reads", () => {
  const plan = compile(ddim(), sample, schedule, levels);
  const runner = new Runner(plan, Float32Array.of(4), silent);
  runner.step(Float32Array.of(0));
  runner.x[0] = 2;
  runner.step(Float32Array.of(0));
  assertEquals(runner.x[0], 1);
});

Deno.test("the caller's array is not touched", () => {
  const x = Float32Array.of(4, 5);
  const runner = new Runner(compile(ddim(), sample, schedule, levels), x, silent);
  while (!runner.done) runner.step(new Float32Array(2));
  assertEquals([...x], [4, 5]);
});

Deno.test("one draw per combination with noise, in order, even where its weight is 0", () => {
  const noises: (number | undefined)[] = [0.5, 0, undefined, 2];
  const solver: Solver = () =>
    noises.map((noise) => ({
      level: levels[1]!,
      x: noise === undefined ? { terms: { x: 1 } } : { terms: { x: 1 }, noise },
    }));
  const runner = new Runner(
    compile(solver, sample, schedule, levels),
    Float32Array.of(0),
    counting().fill,
  );
  while (!runner.done) runner.step(Float32Array.of(0));
  assertAlmostEquals(runner.x[0]!, 0.5 * 0.1 + 2 * 0.3, 1e-6);
});

Deno.test("learned variance interpolates between the two of DDPM", () => {
  const low = Math.log(2 / 3), high = Math.log(5);
  const plan: Plan = {
    eps: "clipped",
    steps: [{
      level: levels[0]!,
      ...sample(levels[0]!),
      x: { terms: {}, noise: { low: Math.exp(low), high: Math.exp(high) } },
    } as PlanStep],
  };
  const runner = new Runner(plan, new Float32Array(3), (out) => void out.fill(1));
  runner.step(new Float32Array(3), Float32Array.of(-1, 0, 1));
  [low, (low + high) / 2, high].forEach((log, i) => {
    assertAlmostEquals(runner.x[i]!, Math.exp(log), 1e-6);
  });
});

Deno.test("a model that says the variance itself is taken at its word", () => {
  const plan = compile(ddpm({ variance: "learned" }), sample, schedule, levels.slice(0, 2));
  const runner = new Runner(plan, new Float32Array(2), (out) => void out.fill(1));
  runner.step(new Float32Array(2), Float32Array.of(4, 0.25));
  assertEquals([...runner.x], [2, 0.5]);
});

Deno.test("a plan that needs the variance refuses to run without", () => {
  const plan = compile(ddpm({ variance: "learned_range" }), sample, schedule, levels);
  const runner = new Runner(plan, new Float32Array(2), silent);
  assertThrows(() => runner.step(new Float32Array(2)), RangeError, "needs the model's variance");
});

Deno.test("raw eps ignores the clip, clipped eps follows it", () => {
  const ends = (["raw", "clipped"] as const).map((eps) => {
    const plan = compile(ddim(), epsilon, schedule, levels, { eps });
    const runner = new Runner(plan, Float32Array.of(10), silent, clipSample());
    runner.step(Float32Array.of(1)); // x0 is 6, clipped to 1
    return runner.x[0];
  });
  assertEquals(ends, [1 + 2 * 1, 1 + 2 * (9 / 4)]);
});

Deno.test("a run that is done has no level", () => {
  const runner = new Runner(compile(ddim(), sample, schedule, levels), new Float32Array(1), silent);
  while (!runner.done) runner.step(new Float32Array(1));
  assertEquals([runner.index, runner.total], [3, 3]);
  assertThrows(() => runner.level, RangeError, "all 3 steps");
  assertThrows(() => runner.step(new Float32Array(1)), RangeError, "all 3 steps");
});
