import { assertEquals } from "@std/assert";
import type { Condition, EncodeOptions, Prompt, PromptEncoder } from "@shum/models";
import { encodeConditions, type EncodeRun } from "./_text_conditions.ts";

/** Encodes a prompt as its length in rows of one number, and writes down what it was asked. */
function recorder() {
  const calls: { prompts: readonly (Prompt | undefined)[]; options: EncodeOptions }[] = [];
  const encoder: PromptEncoder = {
    family: "sdxl",
    length: 77,
    encode(prompts, options = {}) {
      calls.push({ prompts, options });
      const rows = Math.max(...prompts.map((prompt) => String(prompt ?? "").length));
      return Promise.resolve(prompts.map((prompt): Condition => ({
        inputs: {
          encoder_hidden_states: {
            data: new Float32Array(rows).fill(String(prompt ?? "").length),
            shape: [1, rows, 1],
          },
        },
      })));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { calls, encoder };
}

const run: EncodeRun = {
  branches: ["positive", "negative"],
  size: [64, 96],
  options: {},
  facts: {},
  scale: 7.5,
  alike: false,
};

Deno.test("encodeConditions() encodes both sides in one call, an absent negative prompt as absent", async () => {
  const { calls, encoder } = recorder();
  await encodeConditions(encoder, { prompt: "cat" }, run);
  assertEquals(calls.map(({ prompts }) => prompts), [["cat", undefined]]);
  assertEquals(calls[0]!.options.size, { originalSize: [64, 96], targetSize: [64, 96] });
});

Deno.test("encodeConditions() encodes no negative prompt where no branch asks for it", async () => {
  const { calls, encoder } = recorder();
  const input = { prompt: "cat", negativePrompt: "dog" };
  const [group] = await encodeConditions(encoder, input, { ...run, branches: ["positive"] });
  assertEquals(calls.map(({ prompts }) => prompts), [["cat"]]);
  assertEquals(Object.keys(group!.conditions), ["positive"]);
});

Deno.test("encodeConditions() skips layers on the positive side only, as diffusers", async () => {
  const { calls, encoder } = recorder();
  await encodeConditions(encoder, { prompt: "cat" }, { ...run, options: { clipSkip: 2 } });
  assertEquals(calls.map(({ options }) => options.clipSkip), [2, 0]);
});

Deno.test("encodeConditions() tells a refiner 6 for what is wanted and 2.5 for what is not", async () => {
  const { calls, encoder } = recorder();
  await encodeConditions(encoder, { prompt: "cat" }, { ...run, facts: { aesthetics: true } });
  assertEquals(calls.map(({ options }) => options.size?.aestheticScore), [6, 2.5]);
});

Deno.test("encodeConditions() groups images by the length of their prompts", async () => {
  const { encoder } = recorder();
  const input = { prompt: ["a", "long one", "b"] };
  const groups = await encodeConditions(encoder, input, run);
  assertEquals(groups.map(({ images }) => images), [[0, 2], [1]]);
  assertEquals(groups[0]!.conditions.positive!.inputs.encoder_hidden_states!.shape, [2, 1, 1]);
  const alike = await encodeConditions(encoder, input, { ...run, alike: true });
  assertEquals(alike.length, 1);
});

Deno.test("encodeConditions() gives further prompts branches of their own", async () => {
  const { encoder } = recorder();
  const also = [{ prompt: "sea", weight: 2 }, { prompt: "sky", weight: -1 }];
  const [group] = await encodeConditions(encoder, { prompt: "cat", composed: also }, run);
  const branches = ["positive", "positive[1]", "positive[2]", "negative"];
  assertEquals(Object.keys(group!.conditions), branches);
});

Deno.test("encodeConditions() tells a distilled network the guidance scale", async () => {
  const { encoder } = recorder();
  const facts = { timeCondProjDim: 8 };
  const settings = { ...run, facts, options: { guidanceScale: 1 } };
  const [group] = await encodeConditions(encoder, { prompt: "cat" }, settings);
  const { data, shape } = group!.conditions.positive!.inputs.timestep_cond!;
  assertEquals([...data as Float32Array], [0, 0, 0, 0, 1, 1, 1, 1]); // sines and cosines of 0
  assertEquals(shape, [1, 8]);
});
