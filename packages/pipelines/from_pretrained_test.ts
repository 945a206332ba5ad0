import { assert, assertEquals, assertRejects } from "@std/assert";
import { classifierFree } from "@shum/guidance";
import type { ModelFiles } from "@shum/models";
import { type AnyPipeline, fromPretrained, type Image, pipelineFrom } from "./mod.ts";

const fixtures = new URL("../../tests/fixtures/pipelines/", import.meta.url).pathname;

function open(family: string): Promise<AnyPipeline> {
  return fromPretrained(`${fixtures}${family}`, {
    device: "cpu",
    optimisedCacheDir: false,
    kind: "any",
  });
}

/** A repository of JSON files only. */
function repository(index: Record<string, unknown>, files: Record<string, unknown>): ModelFiles {
  return {
    id: "somebody/model",
    index: { _class_name: "StableDiffusionPipeline", ...index },
    has: (component, name = "") =>
      Object.keys(files).some((file) => file.startsWith(`${component}/${name}`)),
    json: (component, name) => Promise.resolve(files[`${component}/${name}`] ?? {}),
    text: (component, name) => Promise.reject(new Error(`Cannot find ${component}/${name}`)),
    graph: (component) => Promise.reject(new Error(`Cannot find ${component}/model.onnx`)),
  };
}

const vae = { latent_channels: 4, block_out_channels: [128, 256, 512, 512] };
const unet = { sample_size: 64, in_channels: 4, block_out_channels: [320, 640, 1280, 1280] };
const stableDiffusion = {
  "text_encoder/config.json": {},
  "unet/config.json": unet,
  "vae_decoder/config.json": vae,
  "vae_encoder/config.json": vae,
  "scheduler/scheduler_config.json": { _class_name: "PNDMScheduler", skip_prk_steps: true },
};

Deno.test("fromPretrained() tells families apart and knows their sizes and scales", async () => {
  const expected: Record<string, [string, number, number, number]> = {
    sd: ["text-to-image", 20, 7.5, 64],
    sdxl: ["text-to-image", 20, 5, 64],
    lcm: ["text-to-image", 4, 8.5, 64],
    ddpm: ["unconditional", 1000, 1, 32],
    cm: ["class-conditional", 1, 1, 32],
    dit: ["class-conditional", 50, 4, 64],
  };
  for (const [family, [kind, steps, guidanceScale, size]] of Object.entries(expected)) {
    await using pipeline = await open(family);
    assertEquals(pipeline.kind, kind, family);
    assertEquals(pipeline.defaults, { steps, guidanceScale, width: size, height: size }, family);
  }
});

Deno.test("pipelineFrom() knows Turbo by its name, and takes the model's own defaults before all", async () => {
  const turbo = await pipelineFrom(
    repository({ _name_or_path: "stabilityai/sd-turbo" }, stableDiffusion),
  );
  assertEquals(turbo.defaults, { steps: 4, guidanceScale: 1, width: 512, height: 512 });
  const defaults = { default_steps: 12, default_guidance_scale: 3, default_width: 256 };
  const own = await pipelineFrom(repository(defaults, stableDiffusion));
  assertEquals(own.defaults, { steps: 12, guidanceScale: 3, width: 256, height: 512 });
  const bad = pipelineFrom(repository({ default_steps: "many" }, stableDiffusion));
  await assertRejects(() => bad, TypeError, "default_steps of model_index.json is many");
});

Deno.test("pipelineFrom() asks for sizes that the U-Net can halve and double", async () => {
  const pipeline = await pipelineFrom(repository({}, stableDiffusion));
  assert(pipeline.kind === "text-to-image");
  const run = () => pipeline.generate({ prompt: "a cat" }, { width: 520 });
  await assertRejects(run, RangeError, "width is 520; expected a multiple of 64, such as 512");
});

Deno.test("pipelineFrom() takes old exports, which have no config.json", async () => {
  const files = {
    "text_encoder/model.onnx": {},
    "unet/model.onnx": {},
    "vae_decoder/model.onnx": {},
    "scheduler/scheduler_config.json": { _class_name: "DDIMScheduler" },
  };
  const index = { text_encoder: ["diffusers", "OnnxRuntimeModel"] };
  const pipeline = await pipelineFrom(repository(index, files));
  assert(pipeline.kind === "text-to-image");
  assertEquals(pipeline.defaults, { steps: 20, guidanceScale: 7.5, width: 512, height: 512 });
});

Deno.test("pipelineFrom() refuses families that it does not know", async () => {
  const flux = { "transformer/config.json": { in_channels: 64 } };
  const bad = pipelineFrom(repository({ _class_name: "FluxPipeline" }, flux));
  await assertRejects(() => bad, TypeError, "its pipeline is FluxPipeline");
  const t5 = { text_encoder: ["transformers", "T5EncoderModel"], _class_name: "IFPipeline" };
  await assertRejects(() => pipelineFrom(repository(t5, stableDiffusion)), TypeError, "IFPipeline");
});

Deno.test("pipelineFrom() names the component or class that it does not understand", async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ _class_name: "StableDiffusionControlNetPipeline" }, "StableDiffusionControlNetPipeline"],
    [{ _class_name: "KandinskyV22Pipeline" }, "its pipeline is KandinskyV22Pipeline"],
    [
      { controlnet: ["diffusers", "ControlNetModel"] },
      'a component "controlnet" (ControlNetModel)',
    ],
    [{ movq: ["diffusers", "VQModel"] }, 'a component "movq" (VQModel)'],
    [{ image_encoder: ["transformers", "CLIPVisionModelWithProjection"] }, '"image_encoder"'],
    [{ constructor: ["diffusers", "VQModel"] }, '"constructor"'],
    [{ unet: ["diffusers", "UNetMotionModel"] }, "its unet is UNetMotionModel"],
    [{ vae: ["diffusers", "VQModel"] }, "its vae is VQModel; expected AutoencoderKL or"],
    [{ tokenizer: ["transformers", "T5Tokenizer"] }, "its tokenizer is T5Tokenizer"],
  ];
  for (const [index, message] of cases) {
    const bad = () => pipelineFrom(repository(index, stableDiffusion));
    await assertRejects(bad, TypeError, message);
  }
  for (
    const index of [
      { _class_name: "OnnxStableDiffusionPipeline", unet: ["diffusers", "OnnxRuntimeModel"] },
      { _class_name: "ORTStableDiffusionPipeline", vae_decoder: ["optimum", "ORTVaeDecoder"] },
      { image_encoder: [null, null], safety_checker: ["diffusers", "SafetyChecker"] },
    ]
  ) assertEquals((await pipelineFrom(repository(index, stableDiffusion))).kind, "text-to-image");
});

Deno.test("an inpainting model refuses to make an image of text alone", async () => {
  await using pipeline = await open("inpaint");
  assert(pipeline.kind === "text-to-image");
  const run = () => pipeline.generate({ prompt: "a cat" });
  await assertRejects(run, TypeError, "9 channels");
});

Deno.test("Unconditional makes each image of a batch as its seed alone would", async () => {
  await using pipeline = await open("ddpm");
  assert(pipeline.kind === "unconditional");
  const options = { steps: 5, sampler: "ddpm" };
  const batch = await pipeline.generate({}, { ...options, seeds: [4, 9] });
  for (const image of batch) {
    const [alone] = await pipeline.generate({}, { ...options, seed: image.seed });
    assert(image.data.every((value, i) => Math.abs(value - alone!.data[i]!) <= 1));
  }
});

Deno.test("Unconditional makes other sizes, but only those that the U-Net can halve", async () => {
  await using pipeline = await open("ddpm");
  assert(pipeline.kind === "unconditional");
  const [image] = await pipeline.generate({}, { steps: 2, width: 48, seed: 0 });
  assertEquals([image!.width, image!.height], [48, 32]);
  const odd = () => pipeline.generate({}, { steps: 2, width: 33 });
  await assertRejects(odd, RangeError, "multiple of 2");
});

Deno.test("ClassConditional takes a class by number, by name, and one per image", async () => {
  await using pipeline = await open("dit");
  assert(pipeline.kind === "class-conditional");
  const options = { steps: 3, seed: 3 };
  const make = (label: number | string): Promise<readonly Image[]> =>
    pipeline.generate({ label }, options);
  const [byNumber] = await make(207);
  for (const name of ["golden retriever", " Golden Retriever "]) {
    assertEquals((await make(name))[0]!.data, byNumber!.data);
  }
  const [first, second] = await pipeline.generate({ label: [207, "goldfish"] }, options);
  assert(first!.data.every((value, i) => Math.abs(value - byNumber!.data[i]!) <= 1));
  assertEquals(second!.seed, 4);
  await assertRejects(() => make("unicorn"), RangeError, '"unicorn"');
  await assertRejects(() => make(1000), RangeError, "0 to 999");
  await assertRejects(() => make(1.5), RangeError, "label is 1.5");
});

Deno.test("ClassConditional of a transformer makes its own size only", async () => {
  await using pipeline = await open("dit");
  assert(pipeline.kind === "class-conditional");
  const run = () => pipeline.generate({ label: 1 }, { width: 128 });
  await assertRejects(run, RangeError, "expected 64, the only one");
});

Deno.test("ClassConditional without a class for none refuses guidance", async () => {
  await using pipeline = await open("cm");
  assert(pipeline.kind === "class-conditional");
  const guidance = classifierFree({ scale: 3 });
  const run = () => pipeline.generate({ label: 1 }, { guidance });
  await assertRejects(run, TypeError, '"negative" branch');
});

Deno.test("pipelineFrom() names the file and the key of a number that cannot be", async () => {
  const cases: [file: string, key: string, value: unknown, words: string][] = [
    ["unet", "in_channels", "4", 'in_channels of unet/config.json is "4"; expected a whole number'],
    ["unet", "in_channels", 1e9, "in_channels of unet/config.json is 1000000000; expected"],
    ["unet", "in_channels", [[]], "in_channels of unet/config.json is [[]]; expected"],
    ["unet", "sample_size", "64", 'sample_size of unet/config.json is "64"; expected'],
    ["unet", "sample_size", [64, {}], "sample_size of unet/config.json is {}; expected"],
    ["unet", "sample_size", -1, "sample_size of unet/config.json is -1; expected"],
    ["unet", "time_cond_proj_dim", 1e9, "time_cond_proj_dim of unet/config.json is 1000000000"],
    ["unet", "block_out_channels", "x", 'block_out_channels of unet/config.json is "x"; expected'],
    ["unet", "block_out_channels", Array(2000).fill(1), "expected a list of 1 to 12 numbers"],
    ["vae_decoder", "latent_channels", "4", "latent_channels of the VAE's config.json is"],
    ["vae_decoder", "block_out_channels", [], "block_out_channels of the VAE's config.json is []"],
  ];
  for (const [component, key, value, words] of cases) {
    const file = `${component}/config.json` as const;
    const base = file === "unet/config.json" ? unet : vae;
    const changed = { ...stableDiffusion, [file]: { ...base, [key]: value } };
    const opening = () => pipelineFrom(repository({}, changed));
    const error = await assertRejects(opening, Error, words);
    assert(error.message.length < 250, error.message);
  }
});

Deno.test("pipelineFrom() is not led astray by the name of a scheduler class", async () => {
  const named = (name: unknown) => {
    const scheduler = { "scheduler/scheduler_config.json": { _class_name: name } };
    return pipelineFrom(repository({}, { ...stableDiffusion, ...scheduler }));
  };
  for (const name of ["__proto__", "toString", "constructor"]) {
    assertEquals((await named(name)).defaults.steps, 20);
  }
  for (const name of [{ toString: 1 }, ["DDIMScheduler"], 5]) {
    const words = `_class_name of scheduler/scheduler_config.json is ${JSON.stringify(name)}`;
    await assertRejects(() => named(name), TypeError, words);
  }
  const inherited = { _class_name: "DDIMScheduler", _use_default_values: 5 };
  const files = { ...stableDiffusion, "scheduler/scheduler_config.json": inherited };
  await assertRejects(() => pipelineFrom(repository({}, files)), TypeError, "a list of keys");
});

Deno.test("fromPretrained() names a JSON file that holds no object, whatever it holds", async () => {
  const folder = await Deno.makeTempDir();
  const copy = async (from: string, to: string) => {
    await Deno.mkdir(to, { recursive: true });
    for await (const { name, isDirectory } of Deno.readDir(from)) {
      if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
      else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
    }
  };
  await copy(`${fixtures}sd`, folder);
  const contents = [
    "null",
    "[]",
    "5",
    "",
    "{",
    "[".repeat(1e6) + "]".repeat(1e6),
    '{"a":'.repeat(99),
  ];
  const files = [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "unet/config.json",
    "vae_decoder/config.json",
  ];
  for (const file of files) {
    const before = await Deno.readTextFile(`${folder}/${file}`);
    for (const content of contents) {
      await Deno.writeTextFile(`${folder}/${file}`, content);
      const error = await assertRejects(() => fromPretrained(folder), SyntaxError, file);
      assert(/^Cannot parse .*; expected/.test(error.message), error.message);
    }
    await Deno.writeTextFile(`${folder}/${file}`, before);
  }
  await (await fromPretrained(folder))[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});
