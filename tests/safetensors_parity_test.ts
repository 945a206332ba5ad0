/**
 * Pipelines as diffusers saves them (tests/fixtures/safetensors), opened without conversion: its latents
 * within 1e-4 in norm, as for ONNX exports, and 8-bit pixels within 1. Weights in float16 and bfloat16
 * are exact in float32, in which both sides compute.
 */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { fromPretrained } from "@shum/pipelines";
import { largestDifference, readFixture, relativeError } from "./_fixtures.ts";
import { runCase } from "./_run_case.ts";

const LATENTS = 1e-4;
const PIXELS = 1;

const families = ["sd", "sd2", "lcm", "sdxl", "inpaint", "ddpm", "cm"];

for (const family of families) {
  Deno.test(`the ${family} pipeline in safetensors gives diffusers' latents and pixels`, async (t) => {
    const fixture = readFixture(family, "safetensors");
    const cacheDir = await Deno.makeTempDir();
    await using pipeline = await fromPretrained(fixture.folder, {
      device: "cpu",
      kind: "any",
      cacheDir,
      ...family === "inpaint" && { variant: "fp16" },
    });
    for (const settings of fixture.cases) {
      await t.step(settings.id, async () => {
        const { latents, times, images } = await runCase(pipeline, settings);
        assertEquals(times.length, settings.timesteps.length, "calls of the network");
        times.forEach((time, i) => assertAlmostEquals(time, settings.timesteps[i]!, 1e-2));
        const error = relativeError(latents, fixture.latents(settings.latents));
        assertLess(error, LATENTS, "latents");
        const expected = fixture.pixels(settings.pixels);
        const size = expected.length / images.length;
        images.forEach((image, i) => {
          const part = expected.subarray(i * size, (i + 1) * size);
          const difference = largestDifference(image.data, part);
          assert(difference <= PIXELS, `image ${i}: pixels differ by ${difference}`);
        });
      });
    }
  });
}
