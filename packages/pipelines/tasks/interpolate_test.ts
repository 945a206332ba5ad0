import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromPretrained, type Image, type RunOptions } from "../mod.ts";

const folder = new URL("../../../tests/fixtures/pipelines/sd", import.meta.url).pathname;
const options: RunOptions = { steps: 3, width: 64, height: 64, sampler: "euler_a" };

/** One for all tests: runs keep their state to themselves. */
const model = await fromPretrained(folder, { device: "cpu", optimisedCacheDir: false });
Deno.test.afterAll(() => model[Symbol.asyncDispose]());

const distance = (a: Image, b: Image): number =>
  Math.sqrt(a.data.reduce((sum, value, i) => sum + (value - b.data[i]!) ** 2, 0));

Deno.test("Interpolate between prompts begins and ends at what each prompt gives", async () => {
  const prompt = ["a black cat", "the sea"] as const;
  const frames = await model.interpolate.generate({ prompt, frames: 3 }, { ...options, seed: 4 });
  assertEquals(frames.length, 3);
  for (const [i, frame] of [frames[0]!, frames[2]!].entries()) {
    const [alone] = await model.generate({ prompt: prompt[i]! }, { ...options, seed: 4 });
    assert(frame.data.every((value, k) => Math.abs(value - alone!.data[k]!) <= 1), `end ${i}`);
  }
  const whole = distance(frames[0]!, frames[2]!);
  assert(distance(frames[0]!, frames[1]!) < whole && distance(frames[1]!, frames[2]!) < whole);
});

Deno.test("Interpolate between seeds begins and ends at what each seed gives", async () => {
  const input = { prompt: "a black cat", frames: 2 };
  const settings = { ...options, sampler: "ddim" };
  const frames = await model.interpolate.generate(input, { ...settings, seeds: [4, 9] });
  for (const [i, seed] of [4, 9].entries()) {
    const [alone] = await model.generate({ prompt: "a black cat" }, { ...settings, seed });
    assert(frames[i]!.data.every((value, k) => Math.abs(value - alone!.data[k]!) <= 1), `end ${i}`);
  }
});

Deno.test("Interpolate shows the previews of every frame and refuses fewer than two", async () => {
  let previews = 0;
  const input = { prompt: "a black cat", frames: 2 };
  for await (const _ of model.interpolate.stream(input, { ...options, seeds: [1, 2] })) previews++;
  assertEquals(previews, 6);
  const one = () => model.interpolate.generate({ prompt: "a cat", frames: 1.5 }, options);
  await assertRejects(one, RangeError, "frames is 1.5");
});
