import { assert, assertEquals, assertThrows } from "@std/assert";
import type { SchedulerConfig } from "./config.ts";
import type { Plan } from "../plan/plan.ts";
import { Runner } from "../plan/runner.ts";
import { samplerConfig, samplerNames, samplerOf, scheduleNames } from "./samplers.ts";
import { Scheduler } from "../scheduler.ts";

const base = {
  _class_name: "PNDMScheduler",
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  steps_offset: 1,
  skip_prk_steps: true,
  clip_sample: false,
};
const flow = { _class_name: "FlowMatchEulerDiscreteScheduler", shift: 3 };

Deno.test("every sampler under every schedule, by every spelling, makes a plan", () => {
  for (const { name, aliases, className } of samplerNames()) {
    for (const schedule of [undefined, ...scheduleNames().map((row) => row.name)]) {
      const config = samplerConfig(name, schedule, base);
      assertEquals(config._class_name, className);
      const scheduler = Scheduler.fromConfig(config);
      scheduler.setTimesteps(6);
      assert(scheduler.plan.steps.length >= 6);
    }
    for (const alias of [...aliases, className]) samplerConfig(alias, undefined, base);
  }
});

const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  euler_a: [
    "Euler a",
    "k_euler_a",
    "euler_ancestral",
    "EulerAncestralDiscreteScheduler",
    "EULER-A",
  ],
  dpmpp_2m: ["DPM++ 2M", "dpm++2m", "k_dpmpp_2m", "DPMSolverMultistep"],
  dpmpp_2s_a: ["DPM++ 2S a", "dpm++2s_a"],
  unipc: ["UniPC", "uni_pc"],
};
for (const [name, spellings] of Object.entries(SPELLINGS)) {
  Deno.test(`${name} is known by its other names`, () => {
    for (const other of spellings) {
      assertEquals(samplerConfig(other, undefined, base), samplerConfig(name, undefined, base));
    }
  });
}

Deno.test("a schedule may follow the sampler's name", () => {
  const karras = samplerConfig("dpmpp_2m", "karras", base);
  for (const name of ["DPM++ 2M Karras", "dpmpp_2m_karras", "dpmpp_2m_k"]) {
    assertEquals(samplerConfig(name, undefined, base), karras);
  }
  assertEquals(karras.use_karras_sigmas, true);
});

Deno.test("what the model was trained with is kept, how another sampler ran is not", () => {
  const config = samplerConfig("euler", undefined, { ...base, use_karras_sigmas: true });
  assertEquals(config, {
    _class_name: "EulerDiscreteScheduler",
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    steps_offset: 1,
    clip_sample: false,
  });
});

/** The model that ships begins in noise alone: sigma / alpha is 20,291 at its last timestep. */
const fromNoise = {
  _class_name: "DPMSolverMultistepScheduler",
  beta_schedule: "squaredcos_cap_v2",
  prediction_type: "v_prediction",
  timestep_spacing: "trailing",
};
const planOf = (sampler: string, schedule: string | undefined, model: SchedulerConfig) => {
  const scheduler = Scheduler.fromConfig(samplerConfig(sampler, schedule, model));
  scheduler.setTimesteps(10);
  return scheduler.plan;
};

/** How far an output of size 1 at one call, the others 0, can move the end of a run, at most. */
function gain(plan: Plan): number {
  return Math.max(...plan.steps.map((_, k) => {
    const runner = new Runner(plan, new Float32Array(1), (out) => out.fill(0));
    while (!runner.done) runner.step(Float32Array.of(runner.index === k ? 1 : 0));
    return Math.abs(runner.x[0]!);
  }));
}

Deno.test("no named sampler magnifies a small error of a model that begins in noise alone", () => {
  const magnifying = samplerNames().flatMap(({ name }) =>
    [undefined, ...scheduleNames().map((row) => row.name)].flatMap((schedule) => {
      const most = gain(planOf(name, schedule, fromNoise));
      return most < 5 ? [] : [`${name}, ${schedule}: ${most}`];
    })
  );
  assertEquals(magnifying, []);
  const own = Scheduler.fromConfig({ ...fromNoise, _class_name: "HeunDiscreteScheduler" });
  own.setTimesteps(10); // as in diffusers
  assert(gain(own.plan) > 200);
});

Deno.test("from noise alone the first step is Euler's, and then the sampler begins", () => {
  const { steps } = planOf("heun", undefined, fromNoise);
  assertEquals(steps.length, 18); // one call less than 2·10 - 1
  assertEquals(Object.keys(steps[0]!.x.terms), ["x0", "eps"]);
  assertEquals(Object.keys(steps[2]!.x.terms).length, 5);
  const own = Scheduler.fromConfig({ ...fromNoise, _class_name: "HeunDiscreteScheduler" });
  own.setTimesteps(10); // a config that names the class itself is diffusers'
  assertEquals(own.plan.steps.length, 19);
});

Deno.test("a model that keeps some signal is sampled by name as diffusers samples it", () => {
  for (const { name, className } of samplerNames()) {
    for (const beta_schedule of ["scaled_linear", "linear"]) {
      const model = { ...base, beta_schedule, beta_end: 0.02 };
      const { pure_noise_sigma: _, ...config } = samplerConfig(name, undefined, model);
      const scheduler = Scheduler.fromConfig(config as SchedulerConfig);
      scheduler.setTimesteps(10);
      assertEquals(planOf(name, undefined, model), scheduler.plan, className);
    }
  }
});

Deno.test("samplers over whole timesteps take schedules of sigmas", () => {
  for (const name of ["ddim", "ddpm", "pndm", "plms", "ipndm"]) {
    for (const schedule of ["karras", "exponential", "beta", "kl_optimal", "polyexponential"]) {
      const sigmas = planOf("euler", schedule, base).steps.map(({ level }) => level.sigma);
      const visited = new Set(
        planOf(name, schedule, base).steps.map(({ level }) => level.sigma / level.alpha),
      );
      const apart = sigmas.filter((sigma) =>
        ![...visited].some((v) => Math.abs(v / sigma - 1) < 1e-3)
      );
      assertEquals(apart, [], `${name} ${schedule}`);
    }
  }
});

Deno.test("iPNDM keeps the model's timesteps, or the levels of a model of its own", () => {
  const model = { ...base, prediction_type: "v_prediction" };
  assertEquals(planOf("ipndm", undefined, model).steps[0]!.level.t, 901);
  const own = { _class_name: "IPNDMScheduler" };
  assertEquals(samplerConfig("ipndm", undefined, own)._class_name, "IPNDMScheduler");
});

Deno.test("flow-matching models get flow-matching samplers", () => {
  assertEquals(samplerConfig("euler", undefined, flow)._class_name, flow._class_name);
  assertEquals(
    samplerConfig("heun", undefined, flow)._class_name,
    "FlowMatchHeunDiscreteScheduler",
  );
  const config = samplerConfig("dpmpp_2m", undefined, flow);
  assertEquals([config.use_flow_sigmas, config.flow_shift], [true, 3]);
  const scheduler = Scheduler.fromConfig(config);
  scheduler.setTimesteps(4);
  const { alpha, sigma } = scheduler.noiseLevel(0);
  assertEquals(alpha + sigma, 1);
});

Deno.test("a sampler that flow matching has not is refused", () => {
  assertThrows(() => samplerConfig("lms", undefined, flow), RangeError, "flow-matching");
});

Deno.test("unknown names are refused with the nearest known one", () => {
  assertThrows(() => samplerConfig("dpmpp_2n", undefined, base), RangeError, `"dpmpp_2m"`);
  assertThrows(() => samplerConfig("euler", "karas", base), RangeError, `"karras"`);
  for (const nonsense of ["xyzzy", "q", "\u{1f431}"]) {
    const error = assertThrows(() => samplerConfig(nonsense, undefined, base), RangeError);
    assert(!error.message.includes("Did you mean"), error.message);
  }
});

Deno.test("a flow-matching model takes the spacings that make sense for it", () => {
  for (const schedule of ["karras", "beta", "kl_optimal", "polyexponential", "normal"]) {
    const scheduler = Scheduler.fromConfig(samplerConfig("euler", schedule, flow));
    scheduler.setTimesteps(5);
    const sigmas = [0, 1, 2, 3, 4, 5].map((i) => scheduler.noiseLevel(i).sigma);
    assertEquals(sigmas, [...sigmas].sort((a, b) => b - a));
  }
  const ays = Scheduler.fromConfig(samplerConfig("euler", "ays", flow));
  assertThrows(() => ays.setTimesteps(5), RangeError, "not for flow matching");
});

Deno.test("models with Karras et al.'s preconditioning keep it", () => {
  const edm = { _class_name: "EDMEulerScheduler", sigma_data: 0.7 };
  const config = samplerConfig("dpmpp_2m", "exponential", edm);
  assertEquals(config, {
    _class_name: "EDMDPMSolverMultistepScheduler",
    sigma_data: 0.7,
    sigma_schedule: "exponential",
  });
  assertThrows(() => samplerConfig("heun", undefined, edm), RangeError, "EDM models");
  assertThrows(() => samplerConfig("euler", "beta", edm), RangeError, "karras or exponential");
});

Deno.test("samplerOf() names every sampler that samplerConfig() makes, for any model", () => {
  for (const model of [base, flow]) {
    for (const { name } of samplerNames()) {
      if (model === flow && !takesFlow(name)) continue;
      assertEquals(samplerOf(samplerConfig(name, undefined, model))?.name, name);
    }
  }
  assertEquals(samplerOf({ _class_name: "RePaintScheduler" }), undefined);
});

Deno.test("labels are spellings of their sampler", () => {
  for (const { name, label, className } of samplerNames()) {
    if (name === "unipc_bh1") continue; // A1111 has one name for both kinds of UniPC
    assertEquals(samplerOf(samplerConfig(label, undefined, base))?.name, name, className);
  }
});

/** Whether a sampler is in the list of those that sample flow-matching models. */
function takesFlow(name: string): boolean {
  const { message } = assertThrows(() => samplerConfig("lms", undefined, flow), RangeError);
  return message.split("expected ")[1]!.split(", ").includes(name);
}
