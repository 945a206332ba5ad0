import { assert, assertEquals, assertThrows } from "@std/assert";
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
