/** A cascade of the tiny Stable Diffusion of tests/fixtures and the tiny upscaler of testdata. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  Cascade,
  fromPretrained,
  type Pipeline,
  type RunPlan,
  type TextInput,
  type TextToImage,
} from "../mod.ts";

async function open(folder: string): Promise<TextToImage> {
  const path = new URL(folder, import.meta.url).pathname;
  return await fromPretrained(path, { device: "cpu", optimisedCacheDir: false });
}

const openBase = () => open("../../../tests/fixtures/pipelines/sd");
const openUpscaler = () => open("../testdata/upscale");

Deno.test("Cascade enlarges each image with its own prompt and seed", async () => {
  const base = await openBase();
  const upscaler = await openUpscaler();
  await using cascade = new Cascade(base, [
    { pipeline: upscaler.superResolution, noiseLevel: 35, options: { steps: 3, guidanceScale: 2 } },
  ]);
  const input = { prompt: ["a cat", "a small dog"], negativePrompt: "grey" };
  const options = { steps: 2, seed: 5, width: 16, height: 16, sampler: "ddim" };
  const stream = cascade.stream(input, options);
  let previews = 0;
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) previews++;
  assertEquals(previews, 2 + 2 * 3);

  const small = await base.generate(input, options);
  for (const [i, image] of next.value.entries()) {
    const [expected] = await upscaler.superResolution.generate(
      { prompt: input.prompt[i]!, negativePrompt: "grey", image: small[i]!, noiseLevel: 35 },
      { steps: 3, guidanceScale: 2, seed: 5 + i },
    );
    assertEquals([image.width, image.height, image.seed], [64, 64, 5 + i]);
    assertEquals(image.data, expected!.data);
  }
});

Deno.test("Cascade refuses what a later stage cannot do before the first one runs", async () => {
  const never: Pipeline<TextInput> = {
    defaults: { steps: 1, guidanceScale: 1, width: 16, height: 16 },
    plan: () => ({ seeds: [1], width: 16, height: 16 }) as unknown as RunPlan,
    generate: () => Promise.reject(new Error("ran")),
    stream: () => {
      throw new Error("ran");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const { superResolution: pipeline } = await openUpscaler();
  await using loud = new Cascade(never, [{ pipeline, noiseLevel: 351 }]);
  await assertRejects(() => loud.generate({ prompt: "" }), RangeError, "noiseLevel is 351");
  await using strange = new Cascade(never, [{ pipeline, options: { sampler: "eulr" } }]);
  await assertRejects(() => strange.generate({ prompt: "" }), Error, "eulr");
});
