import { assert, assertEquals, assertThrows } from "@std/assert";
import { Scheduler } from "../scheduler.ts";

const BAD:
  readonly (readonly [config: Record<string, unknown>, kind: typeof RangeError, says: string])[] = [
    [{}, TypeError, "_class_name is absent"],
    [{ _class_name: 7 }, TypeError, "_class_name is 7"],
    [{ _class_name: "EulerDiscreteSheduler" }, RangeError, `"EulerDiscreteScheduler"`],
    [{ _class_name: "toString" }, RangeError, `_class_name is "toString"`],
    [{ _class_name: "RePaintScheduler" }, RangeError, "use repaint()"],
    [
      { _class_name: "DDIMScheduler", beta_schedule: "cubic" },
      RangeError,
      `beta_schedule is "cubic"`,
    ],
    [
      { _class_name: "DDIMScheduler", beta_schedule: "scaled_liner" },
      RangeError,
      `"scaled_linear"?`,
    ],
    [{ _class_name: "DDIMScheduler", prediction_type: "noise" }, RangeError, "prediction_type"],
    [{ _class_name: "DDIMScheduler", clip_sample: "no" }, TypeError, `clip_sample is "no"`],
    [{ _class_name: "DDIMScheduler", clip_sample_range: 0 }, RangeError, "clip_sample_range is 0"],
    [
      { _class_name: "DDIMScheduler", num_train_timesteps: 0 },
      RangeError,
      "num_train_timesteps is 0",
    ],
    [null as never, TypeError, "it is null; expected an object"],
    [
      { _class_name: "DDIMScheduler", num_train_timesteps: 1e8 },
      RangeError,
      "num_train_timesteps is 100000000; expected a whole number from 1 to 100000",
    ],
    [
      { _class_name: "DDIMScheduler", num_train_timesteps: Infinity },
      RangeError,
      "num_train_timesteps is Infinity",
    ],
    [{ _class_name: "DDIMScheduler", steps_offset: 1e9 }, RangeError, "steps_offset is 1000000000"],
    [
      { _class_name: "DDIMScheduler", trained_betas: new Array(100_001).fill(0.1) },
      RangeError,
      "an array of 1 to 100000 numbers",
    ],
    [
      { _class_name: "LCMScheduler", original_inference_steps: 1e12 },
      RangeError,
      "original_inference_steps is 1000000000000",
    ],
    [{ _class_name: "LMSDiscreteScheduler", order: 1e9 }, RangeError, "order is 1000000000"],
    [
      { _class_name: "DDIMScheduler", _use_default_values: 5 },
      TypeError,
      "_use_default_values is 5; expected an array",
    ],
    [{ _class_name: "DDIMScheduler", beta_start: NaN }, RangeError, "beta_start is NaN"],
    [{ _class_name: "DDIMScheduler", beta_start: "1" }, TypeError, `beta_start is "1"`],
    [{ _class_name: "DDIMScheduler", trained_betas: [] }, RangeError, "trained_betas is []"],
    [
      { _class_name: "DDIMScheduler", trained_betas: [0.1], num_train_timesteps: 9 },
      RangeError,
      "num_train_timesteps is 9 while trained_betas",
    ],
    [{ _class_name: "DDIMScheduler", eta: 2 }, RangeError, "eta is 2"],
    [
      { _class_name: "EulerDiscreteScheduler", use_karras_sigmas: true, use_beta_sigmas: true },
      RangeError,
      "use_karras_sigmas is true while use_beta_sigmas is true",
    ],
    [
      { _class_name: "EulerDiscreteScheduler", sigma_min: 3, sigma_max: 2 },
      RangeError,
      "sigma_min is 3 while sigma_max is 2",
    ],
    [
      { _class_name: "DPMSolverMultistepScheduler", algorithm_type: "dpmsolver" },
      RangeError,
      "final_sigmas_type",
    ],
    [
      { _class_name: "DPMSolverMultistepScheduler", prediction_type: "flow_prediction" },
      RangeError,
      "use_flow_sigmas is false",
    ],
    [
      { _class_name: "UniPCMultistepScheduler", solver_type: "bh3" },
      RangeError,
      `solver_type is "bh3"`,
    ],
  ];

for (const [config, kind, says] of BAD) {
  Deno.test(`fromConfig() refuses ${JSON.stringify(config)}`, () => {
    const error = assertThrows(() => Scheduler.fromConfig(config as never), kind);
    assert(error.message.includes(says), error.message);
  });
}

Deno.test("fromConfig() takes solver orders that the algorithm has", () => {
  const config = {
    _class_name: "DPMSolverMultistepScheduler",
    algorithm_type: "sde-dpmsolver",
    final_sigmas_type: "sigma_min",
    solver_order: 3,
  };
  assertThrows(() => Scheduler.fromConfig(config).setTimesteps(4), RangeError, "solver_order is 3");
});

Deno.test("fromConfig() ignores keys that a class does not have, and nulls", () => {
  const scheduler = Scheduler.fromConfig({
    _class_name: "DDIMScheduler",
    _diffusers_version: "0.40.0",
    use_karras_sigmas: "whatever",
    trained_betas: null,
    skip_prk_steps: true,
  });
  scheduler.setTimesteps(2);
  assertEquals(scheduler.timesteps, [500, 0]);
});

Deno.test("a class does not inherit what another only took from its defaults", () => {
  const pndm = Scheduler.fromConfig({ _class_name: "PNDMScheduler" });
  const euler = Scheduler.fromConfig({ ...pndm.config, _class_name: "EulerDiscreteScheduler" });
  euler.setTimesteps(2);
  assertEquals(euler.timesteps, [999, 0]); // its own default, linspace
});

Deno.test("keys that a file marks as defaults are not inherited either", () => {
  const euler = Scheduler.fromConfig({
    _class_name: "EulerDiscreteScheduler",
    timestep_spacing: "leading",
    steps_offset: 1,
    _use_default_values: ["timestep_spacing"],
  });
  euler.setTimesteps(2);
  assertEquals(euler.timesteps, [999, 0]);
  assertEquals(euler.config, { _class_name: "EulerDiscreteScheduler", steps_offset: 1 });
});

Deno.test("a value set explicitly sticks through conversions", () => {
  let config = Scheduler.fromConfig({ _class_name: "PNDMScheduler", timestep_spacing: "trailing" })
    .config;
  for (const _class_name of ["DEISMultistepScheduler", "UniPCMultistepScheduler"]) {
    config = Scheduler.fromConfig({ ...config, _class_name }).config;
  }
  assertEquals(config.timestep_spacing, "trailing");
});

Deno.test("solver names of sibling classes mean their nearest", () => {
  const names = {
    DPMSolverMultistepScheduler: "midpoint",
    DEISMultistepScheduler: "logrho",
    UniPCMultistepScheduler: "bh2",
  };
  for (const [_class_name, own] of Object.entries(names)) {
    const plan = (solver_type: string) => {
      const scheduler = Scheduler.fromConfig({ _class_name, solver_type });
      scheduler.setTimesteps(5);
      return scheduler.plan;
    };
    for (const foreign of Object.values(names)) assertEquals(plan(foreign), plan(own));
  }
});

Deno.test("old files' predict_epsilon is understood", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "DDPMScheduler", predict_epsilon: false });
  scheduler.setTimesteps(1);
  assertEquals(scheduler.plan.steps[0]!.cOut, 1);
});
