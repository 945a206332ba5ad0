/** The tiny score network of testdata/score, made and run by tools/make_score_fixture.py with diffusers. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { fromPretrained } from "../mod.ts";
import recorded from "../testdata/score/cases.json" with { type: "json" };

const folder = new URL("../testdata/score", import.meta.url).pathname;

/** One for all tests: runs keep their state to themselves. */
const model = await fromPretrained(folder, {
  device: "cpu",
  optimisedCacheDir: false,
  kind: "unconditional",
});
Deno.test.afterAll(() => model[Symbol.asyncDispose]());

for (const settings of recorded.cases) {
  Deno.test(`Unconditional gives diffusers' predictor-corrector samples: ${settings.id}`, async () => {
    const all = new Float32Array((await Deno.readFile(`${folder}/latents.bin`)).buffer);
    const bytes = await Deno.readFile(`${folder}/images.bin`);
    const { steps, seeds, schedulerConfig: scheduler } = settings;
    const stream = model.stream({}, { steps, seeds, scheduler });
    let x = new Float32Array();
    const told: number[] = [];
    while (true) {
      const next = await stream.next();
      if (next.done) {
        const { data } = next.value[0]!;
        data.forEach((value, i) =>
          assert(Math.abs(value - bytes[settings.pixels.offset + i]!) <= 1)
        );
        break;
      }
      x = Float32Array.from(next.value.x);
      told.push(next.value.level.t);
    }
    assertEquals(told.length, settings.timesteps.length);
    told.forEach((t, i) => assertAlmostEquals(t, settings.timesteps[i]!, 1e-4));
    const expected = all.subarray(settings.latents.offset, settings.latents.offset + x.length);
    const norm = (of: Float32Array) => Math.sqrt(of.reduce((sum, value) => sum + value * value, 0));
    const error = norm(x.map((value, i) => value - expected[i]!)) / norm(expected);
    assert(error < 1e-3, `samples differ by ${error}`);
  });
}

Deno.test("a score model makes each image of a batch as its seed alone would", async () => {
  const batch = await model.generate({}, { steps: 10, seeds: [1, 2] });
  const [alone] = await model.generate({}, { steps: 10, seed: 2 });
  assertEquals(batch[1]!.data, alone!.data);
  assertEquals(batch.map(({ seed }) => seed), [1, 2]);
});

Deno.test("a score model colours and inpaints by predictor and corrector", async () => {
  const data = Uint8Array.from({ length: 256 * 3 }, (_, i) => 60 + Math.floor(i / 3) % 90);
  const image = { width: 16, height: 16, data };
  const [coloured] = await model.colorize.generate({ image }, { steps: 10, seed: 0 });
  for (let i = 0; i < 256; i++) {
    const channels = [...coloured!.data.slice(3 * i, 3 * i + 3)];
    if (channels.some((value) => value === 0 || value === 255)) continue; // clamped
    const mean = channels.reduce((sum, value) => sum + value, 0) / 3;
    assertAlmostEquals(mean, data[3 * i]!, 0.7); // three bytes, each rounded
  }
  const mask = { width: 16, height: 16, data: new Uint8Array(256).fill(255, 128) };
  const [painted] = await model.inpaint.generate({ image, mask }, { steps: 10, seed: 0 });
  assertEquals(painted!.data.slice(0, 384), data.slice(0, 384));
});

Deno.test("a score model refuses to begin at a noise level and to take another sampler", async () => {
  const image = { width: 16, height: 16, data: new Uint8Array(768) };
  const run = () => model.denoiseImage.generate({ image, noise: 20 }, { steps: 10 });
  await assertRejects(run, TypeError, "begins from noise");
  const other = () => model.generate({}, { steps: 10, sampler: "ddim" });
  await assertRejects(other, TypeError, "Cannot change sampler");
});
