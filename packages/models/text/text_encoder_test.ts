import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { InitializerSpec, ModelSpec, NodeSpec } from "../onnx/_writer.ts";
import { addModel, modelFolder } from "../testing/_testing.ts";
import { openPromptEncoder, type PromptEncoderOptions } from "./text_encoder.ts";
import type { Tensor } from "../tensor.ts";

const cpu = { device: "cpu", cacheDir: false } as const;
const width = 4;
const length = 6;
const letters = [..."!,abcdefgh"];
const words = [
  ...letters,
  ...letters.map((letter) => `${letter}</w>`),
  "<|startoftext|>",
  "<|endoftext|>",
];
const vocab = Object.fromEntries(words.map((word, i) => [word, i]));
const embedding = Float32Array.from(
  { length: words.length * width },
  (_, i) => 1 + Math.sin(3 * i) + (i % width),
);
const gamma = new Float32Array([1, 2, 3, 4]);
const beta = new Float32Array([0, 0.5, 0, 0.5]);

/** hidden_states.k = (k + 1)·embedding, then the final norm; text_embeds = mean over tokens. */
function textModel(
  { hidden = true, projection = false, ids = "int64", identity = false } = {},
): ModelSpec {
  const scaled = [1, 2, 3].map((factor): InitializerSpec => ({
    name: `factor${factor}`,
    type: "float32",
    shape: [],
    data: new Float32Array([factor]),
  }));
  const nodes: NodeSpec[] = [
    { op: "Gather", inputs: ["embedding", "input_ids"], outputs: ["tokens"] },
    ...[1, 2, 3].map((factor): NodeSpec => ({
      op: "Mul",
      inputs: ["tokens", `factor${factor}`],
      outputs: [`hidden_states.${factor - 1}`],
    })),
    ...(identity ? [{ op: "Identity", inputs: ["gamma"], outputs: ["scale"] }] : []),
    {
      op: "LayerNormalization",
      inputs: ["hidden_states.2", identity ? "scale" : "gamma", "beta"],
      outputs: ["last_hidden_state"],
      attributes: { axis: -1 },
    },
    {
      op: "ReduceMean",
      inputs: ["hidden_states.2"],
      outputs: ["text_embeds"],
      attributes: { axes: [1], keepdims: 0 },
    },
  ];
  const output = (name: string) => ({ name, type: "float32", shape: ["batch", "s", width] });
  return {
    inputs: [{ name: "input_ids", type: ids, shape: ["batch", "s"] }],
    outputs: [
      output("last_hidden_state"),
      ...(projection ? [{ name: "text_embeds", type: "float32", shape: ["batch", width] }] : []),
      ...(hidden ? [0, 1, 2].map((i) => output(`hidden_states.${i}`)) : []),
    ],
    nodes,
    initializers: [
      ...scaled,
      { name: "embedding", type: "float32", shape: [words.length, width], data: embedding },
      { name: "gamma", type: "float32", shape: [width], data: gamma },
      { name: "beta", type: "float32", shape: [width], data: beta },
    ],
  };
}

const tokenizer = (pad: string) => ({
  files: {
    "vocab.json": vocab,
    "merges.txt": "#version: 0.2\n",
    "tokenizer_config.json": { model_max_length: length, pad_token: pad },
  },
});
const sd = (model = textModel()) =>
  modelFolder({ tokenizer: tokenizer("<|endoftext|>"), text_encoder: { model } });
const sdxl = (first = textModel(), second = textModel({ projection: true })) =>
  modelFolder({
    tokenizer: tokenizer("<|endoftext|>"),
    text_encoder: { model: first },
    tokenizer_2: tokenizer("!"),
    text_encoder_2: { model: second },
  });
const open = (files: Parameters<typeof openPromptEncoder>[0], more: PromptEncoderOptions = {}) =>
  openPromptEncoder(files, { ...cpu, ...more });

/** Factor·embedding of a row of tokens, then the norm if wished: what the graph must give. */
function reference(row: readonly string[], factor: number, norm: boolean): number[] {
  return row.flatMap((word) => {
    const id = vocab[word]!;
    const vector = [...embedding.subarray(id * width, (id + 1) * width)].map((v) => v * factor);
    if (!norm) return vector;
    const mean = vector.reduce((a, b) => a + b) / width;
    const variance = vector.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
    return vector.map((v, i) => (v - mean) / Math.sqrt(variance + 1e-5) * gamma[i]! + beta[i]!);
  });
}

function assertClose(tensor: Tensor, expected: readonly number[]): void {
  assertEquals(tensor.data.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assertAlmostEquals(tensor.data[i] as number, value, 2e-5);
  }
}

const [s, e] = ["<|startoftext|>", "<|endoftext|>"];
const ab = [s, "a</w>", "b</w>", e, e, e];
const empty = [s, e, e, e, e, e];
const size = { originalSize: [64, 96] } as const;

Deno.test("encode() gives SD the last hidden state, one row per 75 tokens, all prompts alike", async () => {
  await using files = await sd();
  await using encoder = await open(files);
  assertEquals([encoder.family, encoder.length], ["sd", length]);
  const [short, absent, long] = await encoder.encode(["a b", undefined, "a b c d e"]);
  const hidden = short!.inputs.encoder_hidden_states!;
  assertEquals(hidden.shape, [1, 2 * length, width]);
  assertClose(hidden, reference([...ab, ...empty], 3, true));
  assertClose(absent!.inputs.encoder_hidden_states!, reference([...empty, ...empty], 3, true));
  const rows = [s, "a</w>", "b</w>", "c</w>", "d</w>", e, s, "e</w>", e, e, e, e];
  assertClose(long!.inputs.encoder_hidden_states!, reference(rows, 3, true));
});

Deno.test("encode() feeds int32 ids to graphs that want them", async () => {
  await using files = await sd(textModel({ ids: "int32" }));
  await using encoder = await open(files);
  const [condition] = await encoder.encode(["a b"]);
  assertClose(condition!.inputs.encoder_hidden_states!, reference(ab, 3, true));
});

for (const identity of [false, true]) {
  Deno.test(`CLIP skip reads an earlier layer behind the final norm${identity ? ", shared" : ""}`, async () => {
    await using files = await sd(textModel({ identity }));
    await using encoder = await open(files);
    const [one] = await encoder.encode(["a b"], { clipSkip: 1 });
    assertClose(one!.inputs.encoder_hidden_states!, reference(ab, 2, true));
  });
}

Deno.test("CLIP skip explains what the export lacks, and how far it can go", async () => {
  await using lacking = await sd(textModel({ hidden: false }));
  await using encoder = await open(lacking);
  await assertRejects(
    () => encoder.encode(["a"], { clipSkip: 1 }),
    TypeError,
    "export it with output_hidden_states",
  );
  assertEquals((await encoder.encode(["a"])).length, 1);
  await using files = await sd();
  await using whole = await open(files);
  await assertRejects(() => whole.encode(["a"], { clipSkip: 2 }), RangeError, "at most 1");
  for (const clipSkip of [-1, 0.5]) {
    await assertRejects(() => whole.encode(["a"], { clipSkip }), RangeError, "clipSkip is");
  }
});

Deno.test("weights multiply token vectors; the row's mean is kept unless asked otherwise", async () => {
  await using files = await sd();
  await using encoder = await open(files);
  const plain = reference(ab, 3, true);
  const weighted = plain.map((v, i) => Math.floor(i / width) === 1 ? v * 1.5 : v);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const factor = mean(plain) / mean(weighted);
  const [web] = await encoder.encode(["(a:1.5) b"]);
  assertClose(web!.inputs.encoder_hidden_states!, weighted.map((v) => v * factor));
  const [only] = await encoder.encode(["(a:1.5) b"], { emphasis: "plain" });
  assertClose(only!.inputs.encoder_hidden_states!, weighted);
});

Deno.test("BREAK begins a row; plain syntax takes signs as text and cuts at one row", async () => {
  await using files = await sd();
  await using encoder = await open(files);
  const [two] = await encoder.encode(["a BREAK b"]);
  const rows = [s, "a</w>", e, e, e, e, s, "b</w>", e, e, e, e];
  assertClose(two!.inputs.encoder_hidden_states!, reference(rows, 3, true));
  const [plain] = await encoder.encode(["a b c d e f"], { syntax: "plain" });
  const row = [s, "a</w>", "b</w>", "c</w>", "d</w>", e];
  assertClose(plain!.inputs.encoder_hidden_states!, reference(row, 3, true));
});

Deno.test("SDXL joins both encoders' second last layers, pooled text and sizes", async () => {
  await using files = await sdxl();
  await using encoder = await open(files);
  assertEquals(encoder.family, "sdxl");
  const [condition] = await encoder.encode([{ text: "a b", text2: "c" }], {
    size: { originalSize: [64, 96], cropTopLeft: [1, 2], targetSize: [32, 48] },
  });
  const { encoder_hidden_states, text_embeds, time_ids } = condition!.inputs;
  assertEquals(encoder_hidden_states!.shape, [1, length, 2 * width]);
  const first = reference(ab, 2, false);
  const second = reference([s, "c</w>", e, "!", "!", "!"], 2, false);
  const joined = Array.from({ length }, (_, i) => [
    ...first.slice(i * width, (i + 1) * width),
    ...second.slice(i * width, (i + 1) * width),
  ]).flat();
  assertClose(encoder_hidden_states!, joined);
  assertEquals(text_embeds!.shape, [1, width]);
  const pooled = Array.from({ length: width }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += 1.5 * second[i * width + k]! / length;
    return sum;
  });
  assertClose(text_embeds!, pooled);
  assertEquals([...time_ids!.data], [64, 96, 1, 2, 32, 48]);
});

Deno.test("SDXL: an absent prompt is zeros, an empty one is not, unless the model says otherwise", async () => {
  await using files = await sdxl();
  await using encoder = await open(files);
  const [absent, given] = await encoder.encode([undefined, ""], { size });
  const zero = (tensor: Tensor) => (tensor.data as Float32Array).every((value) => value === 0);
  assert(zero(absent!.inputs.encoder_hidden_states!) && zero(absent!.inputs.text_embeds!));
  assert(!zero(given!.inputs.encoder_hidden_states!) && !zero(given!.inputs.text_embeds!));
  assertEquals([...absent!.inputs.time_ids!.data], [64, 96, 0, 0, 64, 96]);
  await using encoding = await open(files, { forceZerosForEmptyPrompt: false });
  const [encoded] = await encoding.encode([undefined], { size });
  assertEquals(encoded!.inputs.text_embeds, given!.inputs.text_embeds);
});

Deno.test("the SDXL refiner has the second encoder alone, and a score in place of the target", async () => {
  await using files = await modelFolder({
    tokenizer_2: tokenizer("!"),
    text_encoder_2: { model: textModel({ projection: true }) },
  });
  await using encoder = await open(files);
  const [condition] = await encoder.encode(["a"], { size: { ...size, aestheticScore: 6 } });
  assertEquals(condition!.inputs.encoder_hidden_states!.shape, [1, length, width]);
  assertEquals([...condition!.inputs.time_ids!.data], [64, 96, 0, 0, 6]);
});

Deno.test("SDXL says what it misses: a size, hidden states, the projection", async () => {
  await using files = await sdxl();
  await using encoder = await open(files);
  await assertRejects(() => encoder.encode(["a"]), TypeError, "expected the option size");
  await using flat = await sdxl(textModel({ hidden: false }));
  await using lacking = await open(flat);
  await assertRejects(() => lacking.encode(["a"], { size }), TypeError, "hidden_states.0");
  await using raw = await sdxl(textModel(), textModel());
  await using unprojected = await open(raw);
  await assertRejects(
    () => unprojected.encode(["a"], { size }),
    TypeError,
    "no output text_embeds",
  );
});

Deno.test("prompts that are not text, or books, are refused", async () => {
  await using files = await sd();
  await using encoder = await open(files);
  for (const prompt of [7, null, ["a"]]) {
    await assertRejects(
      () => encoder.encode([prompt as unknown as string]),
      TypeError,
      "expected text",
    );
  }
  await assertRejects(
    () => encoder.encode(["a ".repeat(1000)]),
    RangeError,
    "fills 250 rows of 4 tokens; expected at most 64",
  );
  await assertRejects(
    () => encoder.encode(["a"], { signal: AbortSignal.abort(new Error("stop")) }),
    Error,
    "stop",
  );
});

Deno.test("openPromptEncoder() refuses another component's file", async () => {
  await using files = await sd(addModel);
  await assertRejects(() => open(files), TypeError, "it reads a, b; expected input_ids");
});
