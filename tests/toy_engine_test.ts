// A whole text-to-image without files, without ONNX: the engine is a value, and so are the files.
import { assertEquals, assertRejects } from "@std/assert";
import type { Engine, ModelFiles, Session, Tensor, TensorInfo } from "@shum/models";
import { fromPretrained } from "@shum/pipelines";

/** What a toy graph reads and gives, and how. */
interface Toy {
  readonly inputs: readonly TensorInfo[];
  readonly output: TensorInfo;
  run(feeds: Readonly<Record<string, Tensor>>): Tensor;
}

const float = (name: string, ...shape: (number | string)[]) => ({ name, type: "float32", shape });

/** Each prompt is one grey: the denoiser says so at every step, and a latent is eight pixels wide. */
const toys: Readonly<Record<string, Toy>> = {
  "toy/text_encoder": {
    inputs: [{ name: "input_ids", type: "int32", shape: ["batch", "length"] }],
    output: float("last_hidden_state", "batch", "length", 2),
    run({ input_ids: { data, shape: [batch, length] } = none }) {
      const values = Float32Array.from({ length: 2 * data.length }, (_, i) => Number(data[i >> 1]));
      return { data: values, shape: [batch!, length!, 2] };
    },
  },
  "toy/unet": {
    inputs: [
      float("sample", "batch", 4, "height", "width"),
      float("timestep"),
      float("encoder_hidden_states", "batch", "length", 2),
    ],
    output: float("out_sample", "batch", 4, "height", "width"),
    run({ sample = none, encoder_hidden_states: { data: words } = none }) {
      const size = sample.data.length / sample.shape[0]!;
      const perRow = words.length / sample.shape[0]!;
      // The word's id stands behind the start token: 1, 2, 4 → -0.5, 0, 1.
      const grey = (i: number) => Number(words[Math.floor(i / size) * perRow + 2]) / 2 - 1;
      const data = Float32Array.from(sample.data as Float32Array, (_, i) => grey(i));
      return { data, shape: sample.shape };
    },
  },
  "toy/vae_decoder": {
    inputs: [float("latent_sample", "batch", 4, "height", "width")],
    output: float("sample", "batch", 3, "height", "width"),
    run({ latent_sample: { data, shape: [batch, , height, width] } = none }) {
      const shape = [batch!, 3, 8 * height!, 8 * width!];
      const pixels = shape.reduce((a, b) => a * b);
      return { data: new Float32Array(pixels).fill(Number(data[0])), shape };
    },
  },
};
const none: Tensor = { data: new Float32Array(0), shape: [] };

const opened: string[] = [];
const engine: Engine = {
  name: "toy",
  probe: () => Promise.resolve([{ device: "cpu", available: true }]),
  open(source) {
    const toy = toys[String(source)];
    if (!toy) return Promise.reject(new TypeError(`Cannot open "${source}": toy does not know it`));
    opened.push(String(source));
    const { inputs, output } = toy;
    const session: Session = {
      path: String(source),
      device: "cpu",
      inputs,
      outputs: [output],
      inputNames: inputs.map(({ name }) => name),
      outputNames: [output.name],
      run: (feeds) => Promise.resolve({ [output.name]: toy.run(feeds) }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    return Promise.resolve(session);
  },
};

/** A model that is nowhere but here. */
const texts: Readonly<Record<string, unknown>> = {
  "/model_index.json": {
    _class_name: "StableDiffusionPipeline",
    scheduler: ["diffusers", "DDIMScheduler"],
    text_encoder: ["transformers", "CLIPTextModel"],
    tokenizer: ["transformers", "CLIPTokenizer"],
    unet: ["diffusers", "UNet2DConditionModel"],
    vae: ["diffusers", "AutoencoderKL"],
  },
  "scheduler/scheduler_config.json": { _class_name: "DDIMScheduler", prediction_type: "sample" },
  "unet/config.json": { in_channels: 4, out_channels: 4, sample_size: 4 },
  "vae_decoder/config.json": { scaling_factor: 1, block_out_channels: [1, 1, 1, 1] },
  "tokenizer/tokenizer_config.json": { model_max_length: 6 },
  "tokenizer/vocab.json": {
    "a</w>": 1,
    "b</w>": 2,
    "c</w>": 4,
    "<|startoftext|>": 5,
    "<|endoftext|>": 6,
  },
  "tokenizer/merges.txt": "#version: 0.2\n",
};
const files: ModelFiles = {
  id: "toy",
  has: (component, name) =>
    name === undefined ? `toy/${component}` in toys : `${component}/${name}` in texts,
  json: (component, name) => Promise.resolve(texts[`${component}/${name}`]),
  text: (component, name) => Promise.resolve(String(texts[`${component}/${name}`])),
  graph: (component) => Promise.resolve(`toy/${component}`),
};

Deno.test("fromPretrained() draws with whatever engine and files it is given", async () => {
  opened.length = 0;
  await using pipeline = await fromPretrained(files, { engine });
  assertEquals(pipeline.defaults.width, 32);
  const options = { steps: 3, seed: 1, guidanceScale: 1 };
  for (const [prompt, grey] of [["a", 64], ["b", 128], ["c", 255]] as const) {
    const [image] = await pipeline.generate({ prompt }, options);
    assertEquals([image.width, image.height], [32, 32]);
    assertEquals(new Set(image.data), new Set([grey]), prompt);
  }
  assertEquals(opened.sort(), ["toy/text_encoder", "toy/unet", "toy/vae_decoder"]);
});

Deno.test("an engine refuses by name what it cannot take", async () => {
  const elsewhere = { ...files, graph: () => Promise.resolve(new URL("https://example.com/unet")) };
  await using pipeline = await fromPretrained(elsewhere, { engine });
  await assertRejects(
    () => pipeline.generate({ prompt: "a" }, { steps: 1 }),
    TypeError,
    'Cannot open "https://example.com/unet": toy does not know it',
  );
});
