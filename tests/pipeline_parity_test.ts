/**
 * Every recorded run of diffusers (tests/fixtures/pipelines) repeated through the public API: final
 * latents within 1e-4 of theirs in norm, 8-bit pixels within 1, noise drawn from the same seeds.
 */
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { fromPretrained } from "@shum/pipelines";
import { largestDifference, readFixture, relativeError } from "./_fixtures.ts";
import { runCase } from "./_run_case.ts";

/** Rounding alone gave 3e-5 at most when recorded; users are promised 1e-3. */
const LATENTS = 1e-4;
const PIXELS = 1;

const families = ["sd", "sd2", "lcm", "sdxl", "inpaint", "ddpm", "cm", "dit"];

for (const family of families) {
  Deno.test(`the ${family} pipeline gives diffusers' latents and pixels`, async (t) => {
    const fixture = readFixture(family);
    await using pipeline = await fromPretrained(fixture.folder, { device: "cpu", kind: "any" });
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
          assertEquals([image.width, image.height], [settings.width, settings.height]);
          assertEquals(image.seed, settings.seeds[i]);
          const part = expected.subarray(i * size, (i + 1) * size);
          const difference = largestDifference(image.data, part);
          assert(difference <= PIXELS, `image ${i}: pixels differ by ${difference}`);
        });
      });
    }
  });
}
