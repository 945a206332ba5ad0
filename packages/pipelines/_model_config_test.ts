import { assertEquals } from "@std/assert";
import type { ModelFiles } from "@shum/models";
import { samplerConfig, Scheduler } from "@shum/schedulers";
import { schedulerConfig } from "./_model_config.ts";

function model(config: Record<string, unknown>, latent: boolean): ModelFiles {
  return {
    id: "somebody/model",
    index: { _class_name: "StableDiffusionPipeline" },
    has: (component: string) => latent && component === "vae_decoder",
    graph: (component: string) => Promise.resolve(component),
    text: () => Promise.resolve(""),
    json: () => Promise.resolve(config),
  };
}

const clips = (config: Record<string, unknown>, latent: boolean, sampler?: string) =>
  schedulerConfig(model(config, latent)).then((own) =>
    Scheduler.fromConfig(sampler ? samplerConfig(sampler, undefined, own) : own).clip !== undefined
  );

Deno.test("no sampler starts to clip latents, whatever the config leaves open", async () => {
  for (const _class_name of ["DPMSolverMultistepScheduler", "PNDMScheduler", "DDIMScheduler"]) {
    for (
      const more of [{}, { clip_sample: false }, {
        clip_sample: true,
        _use_default_values: ["clip_sample"],
      }]
    ) {
      for (const sampler of [undefined, "ddim", "ddpm", "lcm", "tcd", "heun"]) {
        assertEquals(await clips({ _class_name, ...more }, true, sampler), false);
      }
    }
  }
  const leftover = { _class_name: "EulerDiscreteScheduler", clip_sample: true };
  assertEquals(await clips(leftover, true, "ddim"), false); // Euler does not know the key
});

Deno.test("a config that clips latents by its own word does, and pixels are clipped by default", async () => {
  const word = { _class_name: "DDIMScheduler", clip_sample: true };
  assertEquals(await clips(word, true), true);
  assertEquals(await clips({ _class_name: "DDIMScheduler" }, false), true);
  assertEquals(await clips({ _class_name: "EulerDiscreteScheduler" }, false, "ddim"), true);
});
