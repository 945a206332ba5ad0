/** The tiny upscaler of testdata/upscale, made and run by tools/make_upscale_fixture.py with diffusers. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { decode } from "imagescript";
import { fromPretrained, type Picture } from "../mod.ts";
import recorded from "../testdata/upscale/cases.json" with { type: "json" };

const folder = new URL("../testdata/upscale", import.meta.url).pathname;

/** One for all tests: runs keep their state to themselves. */
const model = await fromPretrained(folder, { device: "cpu", optimisedCacheDir: false });
Deno.test.afterAll(() => model[Symbol.asyncDispose]());

async function readImage(): Promise<Picture> {
  const image = await decode(await Deno.readFile(`${folder}/image.png`));
  assert("bitmap" in image);
  return { width: image.width, height: image.height, data: new Uint8Array(image.bitmap) };
}

for (const settings of recorded.cases) {
  Deno.test(`SuperResolution gives diffusers' latents and pixels: ${settings.id}`, async () => {
    const all = new Float32Array((await Deno.readFile(`${folder}/latents.bin`)).buffer);
    const bytes = await Deno.readFile(`${folder}/images.bin`);
    const { prompt, negativePrompt, noiseLevel, seeds, steps, guidanceScale } = settings;
    const input = {
      prompt,
      ...negativePrompt && { negativePrompt },
      image: await readImage(),
      noiseLevel,
    };
    const options = { seeds, steps, guidanceScale, scheduler: settings.schedulerConfig };
    const stream = model.superResolution.stream(input, options);
    let latents = new Float32Array();
    const told: number[] = [];
    while (true) {
      const next = await stream.next();
      if (next.done) {
        next.value.forEach((image, b) => {
          const from = settings.pixels.offset + b * image.data.length;
          image.data.forEach((value, i) => assert(Math.abs(value - bytes[from + i]!) <= 1));
        });
        break;
      }
      latents = Float32Array.from(next.value.x);
      told.push(next.value.level.t);
    }
    assertEquals(told.map((t) => Math.round(t)), settings.timesteps);
    const expected = all.subarray(
      settings.latents.offset,
      settings.latents.offset + latents.length,
    );
    const norm = (of: Float32Array) => Math.sqrt(of.reduce((sum, value) => sum + value * value, 0));
    const error = norm(latents.map((value, i) => value - expected[i]!)) / norm(expected);
    assert(error < 1e-3, `latents differ by ${error}`);
  });
}

Deno.test("SuperResolution enlarges fourfold and cuts what does not divide", async () => {
  const image = { width: 11, height: 9, data: new Uint8Array(11 * 9).fill(77) };
  const input = { prompt: "a cat", image };
  const [made] = await model.superResolution.generate(input, { steps: 2, seed: 0 });
  assertEquals([made!.width, made!.height], [40, 32]);
});

Deno.test("SuperResolution refuses noise levels that the model was not told of", async () => {
  const image = await readImage();
  for (const noiseLevel of [-1, 351, 2.5]) {
    const run = () => model.superResolution.generate({ prompt: "", image, noiseLevel });
    await assertRejects(run, RangeError, `noiseLevel is ${noiseLevel}`);
  }
});

Deno.test("an upscaler refuses to make an image of text alone", async () => {
  await assertRejects(() => model.generate({ prompt: "a cat" }), TypeError, '"superResolution"');
});
