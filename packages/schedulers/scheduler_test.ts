import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { REGISTRY } from "./config/registry.ts";
import { Scheduler } from "./scheduler.ts";
import type { TimestepsOptions } from "./config/timesteps_options.ts";

const ddim = () => Scheduler.fromConfig({ _class_name: "DDIMScheduler" });
const euler = () => Scheduler.fromConfig({ _class_name: "EulerDiscreteScheduler" });
const flow = () => Scheduler.fromConfig({ _class_name: "FlowMatchEulerDiscreteScheduler" });

const BAD: readonly (readonly [
  what: string,
  scheduler: () => Scheduler,
  steps: number | undefined,
  options: TimestepsOptions,
  says: string,
])[] = [
  ["no steps", ddim, 0, {}, "steps is 0; expected a whole number from 1 to 1000"],
  ["negative steps", ddim, -3, {}, "steps is -3"],
  ["fractional steps", ddim, 2.5, {}, "steps is 2.5"],
  ["NaN steps", ddim, NaN, {}, "steps is NaN"],
  ["undefined steps", ddim, undefined, {}, "steps is undefined"],
  ["more steps than timesteps", ddim, 1001, {}, "steps is 1001"],
  ["NaN timesteps", ddim, undefined, { timesteps: [900, NaN] }, "timesteps[1] is NaN"],
  ["no timesteps", ddim, undefined, { timesteps: [] }, "timesteps has 0 entries"],
  ["ascending timesteps", ddim, undefined, { timesteps: [1, 2] }, "timesteps[1] is 2 after 1"],
  ["repeated timesteps", ddim, undefined, { timesteps: [5, 5] }, "timesteps[1] is 5 after 5"],
  [
    "timesteps too late",
    ddim,
    undefined,
    { timesteps: [1000] },
    "timesteps[0] is 1000; expected at most 999",
  ],
  ["negative timesteps", ddim, undefined, { timesteps: [5, -1] }, "timesteps[1] is -1"],
  ["another count", ddim, 3, { timesteps: [5, 4] }, "steps is 3 while timesteps makes 2"],
  ["sigmas for DDIM", ddim, undefined, { sigmas: [1, 0] }, "sigmas is given, but DDIMScheduler"],
  ["no sigmas", euler, undefined, { sigmas: [] }, "sigmas has 0 entries; expected at least 2"],
  ["one sigma", euler, undefined, { sigmas: [3] }, "sigmas has 1 entries; expected at least 2"],
  ["unsorted sigmas", euler, undefined, { sigmas: [1, 3, 0] }, "sigmas[1] is 3 after 1"],
  ["endless sigmas", euler, undefined, { sigmas: [Infinity, 0] }, "sigmas[0] is Infinity"],
  ["both lists", euler, undefined, { sigmas: [1, 0], timesteps: [9] }, "both timesteps and sigmas"],
  ["mu for Euler", euler, 4, { mu: 1 }, "mu is given, but EulerDiscreteScheduler"],
  ["flow sigmas above 1", flow, undefined, { sigmas: [3, 1] }, "at most 1"],
  ["flow sigmas that end", flow, undefined, { sigmas: [1, 0] }, "without the final 0"],
  ["mu that is none", flow, 4, { mu: NaN }, "mu is NaN"],
];

for (const [what, make, steps, options, says] of BAD) {
  Deno.test(`setTimesteps() refuses ${what}, and says so`, () => {
    const error = assertThrows(() => make().setTimesteps(steps, options), RangeError);
    assert(error.message.includes(says), error.message);
  });
}

Deno.test("setTimesteps() asks for mu where the shift depends on it", () => {
  const scheduler = Scheduler.fromConfig({
    _class_name: "FlowMatchEulerDiscreteScheduler",
    use_dynamic_shifting: true,
  });
  assertThrows(() => scheduler.setTimesteps(4), TypeError, "mu is undefined");
});

Deno.test("a run begins at a step, however many calls the steps before it make", () => {
  const scheduler = Scheduler.fromConfig({
    _class_name: "HeunDiscreteScheduler",
    beta_schedule: "squaredcos_cap_v2",
    prediction_type: "v_prediction",
    pure_noise_sigma: 200,
  });
  scheduler.setTimesteps(6);
  const levels = [0, 1, 3, 5].map((call) => scheduler.plan.steps[call]!.level);
  levels.forEach((level, step) => {
    scheduler.setBeginStep(step);
    assertEquals(scheduler.plan.steps[0]!.level, level);
  });
  for (const step of [-1, 6, 0.5]) {
    assertThrows(() => scheduler.setBeginStep(step), RangeError, "from 0 to 5");
  }
});

Deno.test("timesteps and spaced sigmas contradict each other", () => {
  const scheduler = Scheduler.fromConfig({
    _class_name: "EulerDiscreteScheduler",
    use_karras_sigmas: true,
  });
  assertThrows(
    () => scheduler.setTimesteps(undefined, { timesteps: [9, 1] }),
    RangeError,
    "spaces",
  );
});

Deno.test("epsilon prediction cannot start from pure noise, and the plan says where", () => {
  const scheduler = Scheduler.fromConfig({
    _class_name: "DDIMScheduler",
    rescale_betas_zero_snr: true,
    timestep_spacing: "trailing",
  });
  const error = assertThrows(() => scheduler.setTimesteps(4), RangeError);
  assert(error.message.includes("step 0 (timestep 999, alpha 0"), error.message);
});

for (const className of Object.keys(REGISTRY)) {
  Deno.test(`${className} compiles any number of steps to finite numbers`, () => {
    const scheduler = Scheduler.fromConfig({ _class_name: className });
    const most = REGISTRY[className]!.defaults.num_train_timesteps ?? 1000;
    const { original_inference_steps: distilled } = REGISTRY[className]!.defaults;
    const counts = className === "ConsistencyDecoderScheduler"
      ? [2]
      : [1, 2, 3, 7, 40, distilled ?? most];
    for (const steps of counts) {
      scheduler.setTimesteps(steps);
      const { plan } = scheduler;
      const numbers = plan.steps.flatMap(({ x, cIn, cNoise, level }) => [
        ...Object.values(x.terms),
        ...(typeof x.noise === "number" ? [x.noise] : []),
        cIn,
        cNoise,
        level.alpha,
        level.sigma,
      ]);
      assert(numbers.every(Number.isFinite), `${steps} steps`);
      assertEquals(scheduler.timesteps.length, plan.steps.length);
    }
  });
}

Deno.test("step() past the end is refused", () => {
  const scheduler = ddim();
  scheduler.setTimesteps(1);
  const x = new Float32Array(4);
  scheduler.step(x, x);
  assertThrows(() => scheduler.step(x, x), RangeError, "all 1 steps of the plan are done");
});

Deno.test("step() refuses other lengths", () => {
  const scheduler = ddim();
  scheduler.setTimesteps(2);
  const four = new Float32Array(4);
  assertThrows(() => scheduler.step(new Float32Array(8), four), RangeError, "has 8 elements");
  assertThrows(() => scheduler.step(four, new Float32Array(3)), RangeError, "has 3 elements");
  assertThrows(() => scheduler.addNoise(four, new Float32Array(2), 0), RangeError, "2 elements");
});

Deno.test("a stochastic step without noise says what is missing", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "EulerAncestralDiscreteScheduler" });
  scheduler.setTimesteps(2);
  const x = new Float32Array(4);
  assertThrows(() => scheduler.step(x, x), TypeError, "noise is undefined");
});

Deno.test("indices outside the run are refused", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "KDPM2DiscreteScheduler" });
  scheduler.setTimesteps(3);
  const x = new Float32Array(1);
  for (const index of [-1, 0.5, NaN, 6]) {
    assertThrows(() => scheduler.noiseLevel(index), RangeError, `index is ${index}`);
    assertThrows(() => scheduler.scaleModelInput(x, index), RangeError, `index is ${index}`);
    assertThrows(() => scheduler.setBeginIndex(index), RangeError, `begin index: ${index}`);
  }
  assertThrows(() => scheduler.setBeginIndex(1), RangeError, "not in the middle of a step");
});

Deno.test("before setTimesteps() every training timestep is visited", () => {
  const { timesteps } = Scheduler.fromConfig({ _class_name: "DDPMScheduler" });
  assertEquals([timesteps.length, timesteps[0], timesteps.at(-1)], [1000, 999, 0]);
});

Deno.test("noiseLevel() is in the scaling of the samples, and one longer than timesteps", () => {
  const scheduler = euler();
  scheduler.setTimesteps(5);
  assertEquals(scheduler.noiseLevel(0).alpha, 1);
  assertEquals(scheduler.noiseLevel(5), { t: 0, alpha: 1, sigma: 0 });
});

Deno.test("addNoise() mixes at the level of an index", () => {
  const scheduler = flow();
  scheduler.setTimesteps(4);
  const { alpha, sigma } = scheduler.noiseLevel(2);
  const [mixed] = scheduler.addNoise(Float32Array.of(2), Float32Array.of(-1), 2);
  assertAlmostEquals(mixed!, 2 * alpha - sigma, 1e-6);
});

Deno.test("setBeginIndex() starts a run with no history, at the same levels", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "DPMSolverMultistepScheduler" });
  scheduler.setTimesteps(10);
  const whole = [...scheduler.timesteps];
  scheduler.setBeginIndex(4);
  assertEquals(scheduler.timesteps, whole);
  assertEquals(scheduler.plan.steps.length, 6);
  assertEquals(Object.keys(scheduler.plan.steps[0]!.x.terms), ["x", "x0"]); // first order
  assertEquals(scheduler.noiseLevel(4), scheduler.plan.steps[0]!.level);
});

Deno.test("setBeginIndex() on a timestep that Heun visits twice starts its step", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "HeunDiscreteScheduler" });
  scheduler.setTimesteps(5);
  const whole = [...scheduler.timesteps];
  scheduler.setBeginIndex(4);
  assertEquals(scheduler.timesteps, whole);
  assertEquals(scheduler.plan.steps.length, 5);
});

Deno.test("setBeginIndex() on PNDM warms up again", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "PNDMScheduler", skip_prk_steps: true });
  scheduler.setTimesteps(5);
  assertEquals(scheduler.timesteps, [800, 600, 600, 400, 200, 0]);
  scheduler.setBeginIndex(3);
  assertEquals(scheduler.plan.steps.map(({ cNoise }) => cNoise), [400, 200, 200, 0]);
});

Deno.test("a scheduler's own timesteps and sigmas, given back, make the same run", () => {
  const sigmas = (scheduler: Scheduler) =>
    Array.from({ length: 6 }, (_, i) => scheduler.noiseLevel(i).sigma);
  const [first, second, third] = [euler(), euler(), euler()];
  first.setTimesteps(5);
  second.setTimesteps(undefined, { timesteps: first.timesteps });
  third.setTimesteps(undefined, { sigmas: sigmas(first) });
  assertEquals(sigmas(second), sigmas(first));
  assertEquals(sigmas(third), sigmas(first));
  third.timesteps.forEach((t, i) => assertAlmostEquals(t, first.timesteps[i]!, 1e-3));
});

Deno.test("two runs of one scheduler may overlap", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "DPMSolverMultistepScheduler" });
  scheduler.setTimesteps(6);
  const run = () => scheduler.runner(Float32Array.of(1, 2), () => {});
  const [a, b, alone] = [run(), run(), run()];
  const output = (x: Float32Array) => x.map((value) => value / 3);
  while (!a.done) {
    a.step(output(a.x));
    b.step(output(b.x));
  }
  while (!alone.done) alone.step(output(alone.x));
  assertEquals(a.x, alone.x);
  assertEquals(b.x, alone.x);
});

Deno.test("predOriginalSample is the clipped clean sample", () => {
  const scheduler = ddim();
  scheduler.setTimesteps(2);
  const x = Float32Array.of(50);
  assertEquals([...scheduler.step(Float32Array.of(0), x).predOriginalSample], [1]);
});
