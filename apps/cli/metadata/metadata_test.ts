import { assertEquals } from "@std/assert";
import { infotext, pictureRecord, readInfotext, readRecord, recordTexts } from "./metadata.ts";
import { samplerLabels } from "./sampler_names.ts";

const record = pictureRecord({
  settings: {
    prompt: "a cat, sitting\non a mat",
    negativePrompt: "blurry",
    steps: 20,
    cfgScale: 7.5,
    seed: 42,
    width: 512,
    height: 768,
    rng: "torch",
    clipSkip: 2,
    sampler: "dpm++2m",
    schedule: "karras",
  },
  model: { name: "owner/some-model", pipeline: "StableDiffusionPipeline", hash: "6ce0161689" },
  sampler: { name: "DPM++ 2M", schedule: "Karras" },
});

Deno.test("infotext() is what A1111 writes, in its order", () => {
  assertEquals(
    infotext(record),
    "a cat, sitting\non a mat\n" +
      "Negative prompt: blurry\n" +
      "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 42, " +
      "Size: 512x768, Model hash: 6ce0161689, Model: some-model, Clip skip: 2, RNG: CPU, " +
      "Version: Shum 0.1.0",
  );
});

Deno.test("infotext() leaves out what was not used, and quotes what would break the line", () => {
  const text = infotext({
    ...record,
    settings: { prompt: "x", steps: 1, seed: 0, rng: "nv" },
    model: { name: 'odd, "name": x', pipeline: "" },
    sampler: { name: "Euler a" },
  });
  assertEquals(
    text,
    'x\nSteps: 1, Sampler: Euler a, Seed: 0, Model: "odd, \\"name\\": x", RNG: NV, Version: Shum 0.1.0',
  );
  const read = readInfotext(text)!;
  assertEquals(read.model, 'odd, "name": x');
  assertEquals(read.given.rng, "nv");
});

Deno.test("readRecord() gives back what was written, from our own record and from A1111's text alone", () => {
  const texts = recordTexts(record);
  assertEquals(readRecord(texts), {
    from: "Shum",
    given: record.settings,
    model: "owner/some-model",
  });
  assertEquals(readRecord({ parameters: texts.parameters! }), {
    from: "Shum",
    given: { ...record.settings, sampler: "DPM++ 2M" },
    model: "some-model",
  });
});

Deno.test("readInfotext() reads what A1111 itself, and older tools, have written", () => {
  const read = readInfotext(
    "masterpiece, (cat:1.2)\nNegative prompt: lowres, bad hands,\nextra: fingers\n" +
      "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234567890, Size: 512x512, " +
      "Model hash: 6ce0161689, Model: v1-5, Denoising strength: 0.55, Clip skip: 2, " +
      'Lora hashes: "a: 123, b: 456", Version: v1.6.0',
  )!;
  assertEquals(read, {
    from: "A1111",
    model: "v1-5",
    given: {
      prompt: "masterpiece, (cat:1.2)",
      negativePrompt: "lowres, bad hands,\nextra: fingers",
      steps: 28,
      cfgScale: 7,
      seed: 1234567890,
      clipSkip: 2,
      strength: 0.55,
      width: 512,
      height: 512,
      sampler: "DPM++ 2M",
      schedule: "karras",
      rng: "nv",
    },
  });
  const cpp = readInfotext(
    "a lovely cat\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Eta: 0.000000, Seed: 42, " +
      "Size: 512x512, Model: sd.gguf, RNG: cuda, Sampler: euler_a karras, " +
      "Version: stable-diffusion.cpp",
  )!;
  assertEquals(cpp.given.sampler, "euler_a");
  assertEquals(cpp.given.schedule, "karras");
  assertEquals(cpp.given.guidance, undefined);
  assertEquals(readInfotext("just a prompt: with a colon, and more"), undefined);
  const automatic = readInfotext("x\nSteps: 2, Sampler: Euler, Schedule type: Automatic, Seed: 1")!;
  assertEquals(automatic.given.schedule, undefined);
});

Deno.test("readRecord() reads InvokeAI's metadata", () => {
  const invokeai_metadata = JSON.stringify({
    generation_mode: "txt2img",
    positive_prompt: "a fox",
    negative_prompt: "",
    width: 640,
    height: 512,
    seed: 7,
    rand_device: "cpu",
    cfg_scale: 6.5,
    cfg_rescale_multiplier: 0.2,
    steps: 30,
    scheduler: "dpmpp_2m_k",
    clip_skip: 1,
    model: { name: "dreamshaper", hash: "blake3:00" },
  });
  assertEquals(readRecord({ invokeai_metadata }), {
    from: "InvokeAI",
    model: "dreamshaper",
    given: {
      prompt: "a fox",
      negativePrompt: "",
      width: 640,
      height: 512,
      seed: 7,
      steps: 30,
      cfgScale: 6.5,
      guidanceRescale: 0.2,
      clipSkip: 2,
      rng: "torch",
      sampler: "dpmpp_2m",
      schedule: "karras",
    },
  });
});

Deno.test("readRecord() finds nothing in foreign or broken text", () => {
  assertEquals(readRecord({}), undefined);
  assertEquals(readRecord({ Comment: "hello", parameters: "a cat" }), undefined);
  assertEquals(readRecord({ shum: "{ broken", prompt: "{}" }), undefined);
  assertEquals(readRecord({ invokeai_metadata: "[" }), undefined);
});

Deno.test("samplerLabels() names what the configuration is, whatever it was called", () => {
  const dpm = { _class_name: "DPMSolverMultistepScheduler" };
  assertEquals(samplerLabels({}, dpm), { name: "DPM++ 2M" });
  assertEquals(samplerLabels({}, { ...dpm, use_karras_sigmas: true }), {
    name: "DPM++ 2M",
    schedule: "Karras",
  });
  const sde = { ...dpm, algorithm_type: "sde-dpmsolver++", solver_order: 3 };
  assertEquals(samplerLabels({ schedule: "sgm_uniform" }, sde), {
    name: "DPM++ 3M SDE",
    schedule: "SGM Uniform",
  });
  const ancestral = { _class_name: "EulerAncestralDiscreteScheduler" };
  assertEquals(samplerLabels({ sampler: "k_euler_a" }, ancestral), { name: "Euler a" });
  assertEquals(samplerLabels({}, { _class_name: "DDIMScheduler" }), { name: "DDIM" });
});

Deno.test("A1111's text, read back, compiles to the same plan, whatever the sampler and schedule", async () => {
  const { samplerConfig, samplerNames, Scheduler, scheduleNames } = await import(
    "@shum/schedulers"
  );
  const base = {
    _class_name: "PNDMScheduler",
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    beta_end: 0.012,
    skip_prk_steps: true,
    steps_offset: 1,
  };
  const planOf = (sampler: string, schedule: string | undefined) => {
    const config = samplerConfig(sampler, schedule, base);
    const scheduler = Scheduler.fromConfig(config);
    scheduler.setTimesteps(4);
    return { config, plan: scheduler.plan };
  };
  for (const { name } of samplerNames()) {
    if (name === "unipc_bh1") continue; // A1111 has one name for both kinds of UniPC
    for (const schedule of [undefined, ...scheduleNames().map((entry) => entry.name)]) {
      const { config, plan } = planOf(name, schedule);
      const sampler = samplerLabels(schedule === undefined ? {} : { schedule }, config);
      const text = infotext({ ...record, settings: { prompt: "x", steps: 4, seed: 1 }, sampler });
      const { given } = readInfotext(text)!;
      const again = planOf(given.sampler!, given.schedule);
      assertEquals(again.plan, plan, `${name} ${schedule}: ${text}`);
    }
  }
});

Deno.test("readRecord() makes text of settings of kinds that no option has", () => {
  const settings = `{"prompt":{"toString":1},"steps":[[]],"also":["a:1"],"seed":null}`;
  const read = readRecord({ shum: `{"schema":"shum.image/v1","settings":${settings}}` });
  assertEquals({ ...read?.given } as unknown, {
    prompt: '{"toString":1}',
    steps: "[[]]",
    also: ["a:1"],
    seed: "null",
  });
});
