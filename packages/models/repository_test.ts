import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { MockHub, noise } from "./_hub_testing.ts";
import { writeOnnxModel } from "./_onnx_writer.ts";
import { HubError } from "./hub.ts";
import { cachedModels, openRepository, RepositoryError } from "./repository.ts";

/** A graph whose weights, if it has any, lie in `location`. */
function graph(location?: string, length = 16): Uint8Array {
  const tensor = { type: "float32", shape: [length / 4] };
  return writeOnnxModel({
    inputs: [{ name: "x", ...tensor }],
    outputs: [{ name: "y", ...tensor }],
    nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
    initializers: [
      location === undefined
        ? { name: "w", ...tensor, data: new Float32Array(length / 4) }
        : { name: "w", ...tensor, external: { location, offset: 0, length } },
    ],
  });
}

type Files = Record<string, Uint8Array | string>;

function optimum(): Files {
  return {
    "model_index.json": JSON.stringify({
      _class_name: "StableDiffusionPipeline",
      _diffusers_version: "0.35.0",
      scheduler: ["diffusers", "PNDMScheduler"],
      tokenizer: ["transformers", "CLIPTokenizer"],
      text_encoder: ["transformers", "CLIPTextModel"],
      unet: ["diffusers", "UNet2DConditionModel"],
      vae: ["diffusers", "AutoencoderKL"],
      safety_checker: [null, null],
      feature_extractor: ["transformers", "CLIPImageProcessor"],
      requires_safety_checker: false,
    }),
    "scheduler/scheduler_config.json": `{"_class_name":"PNDMScheduler"}`,
    "tokenizer/vocab.json": "{}",
    "tokenizer/merges.txt": "",
    "text_encoder/model.onnx": graph(),
    "unet/config.json": `{"in_channels":4}`,
    "unet/model.onnx": graph("model.onnx_data", 4000),
    "unet/model.onnx_data": noise(4000),
    "vae_decoder/model.onnx": graph(),
  };
}

async function write(root: string, files: Files): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(join(root, path), content);
    else await Deno.writeFile(join(root, path), content);
  }
  return root;
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "shum-repository-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function problems(folder: string, changes: Record<string, Uint8Array | string | undefined>) {
  const files = { ...optimum(), ...changes };
  const present = Object.entries(files).filter(([, content]) => content !== undefined);
  await write(folder, Object.fromEntries(present) as Files);
  const error = await assertRejects(() => openRepository(folder), RepositoryError, folder);
  await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder);
  return error.problems;
}

Deno.test("openRepository() opens a folder in optimum layout", () =>
  withFolder(async (folder) => {
    await write(folder, optimum());
    const repository = await openRepository(folder);
    assertEquals(repository.path, folder);
    assertEquals(repository.index._class_name, "StableDiffusionPipeline");
    assertEquals(repository.file("unet"), join(folder, "unet/model.onnx"));
    assertEquals(repository.file("unet", "config.json"), join(folder, "unet/config.json"));
    assertEquals(await repository.json("unet", "config.json"), { in_channels: 4 });
    assertEquals(await repository.json("", "model_index.json"), repository.index);
    const has = (name: string) => repository.has(name);
    assert(["scheduler", "tokenizer", "text_encoder", "unet", "vae_decoder"].every(has));
    assert(!["vae_encoder", "safety_checker", "transformer", "feature_extractor"].some(has));
  }));

Deno.test("openRepository() opens the older layout with weights.pb and a transformer by its name", () =>
  withFolder(async (folder) => {
    const { "unet/model.onnx_data": data, ...files } = optimum();
    await write(folder, {
      ...files,
      "model_index.json": JSON.stringify({
        _class_name: "OnnxStableDiffusionPipeline",
        scheduler: ["diffusers", "PNDMScheduler"],
        tokenizer: ["transformers", "CLIPTokenizer"],
        text_encoder: ["diffusers", "OnnxRuntimeModel"],
        unet: ["diffusers", "OnnxRuntimeModel"],
        vae_decoder: ["diffusers", "OnnxRuntimeModel"],
        vae_encoder: ["diffusers", "OnnxRuntimeModel"],
        safety_checker: ["diffusers", "OnnxRuntimeModel"],
      }),
      "unet/model.onnx": graph("weights.pb", 4000),
      "unet/weights.pb": data!,
    });
    const repository = await openRepository(folder);
    assertEquals(repository.file("unet"), join(folder, "unet/model.onnx"));
    assert(!repository.has("vae_encoder"));
  }));

Deno.test("openRepository() lists every missing or damaged part at once", () =>
  withFolder(async (folder) => {
    const found = await problems(folder, {
      "unet/model.onnx": undefined,
      "unet/model.onnx_data": undefined,
      "unet/diffusion_pytorch_model.safetensors": "x",
      "scheduler/scheduler_config.json": undefined,
      "tokenizer/merges.txt": undefined,
      "text_encoder/model.onnx": graph().slice(0, 60),
      "vae_decoder/model.onnx": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    });
    const about = (text: string) => found.find((problem) => problem.startsWith(text)) ?? "";
    assertEquals(found.length, 5, found.join("\n"));
    assertStringIncludes(about("unet/"), "optimum-cli export onnx");
    assertStringIncludes(about("scheduler"), "no such folder");
    assertStringIncludes(about("tokenizer/"), "merges.txt; the folder holds vocab.json");
    assertStringIncludes(about("text_encoder/"), "cut short");
    assertStringIncludes(about("vae_decoder/"), "Cannot read ONNX model");
  }));

Deno.test("openRepository() compares external data with what the graph refers to", () =>
  withFolder(async (folder) => {
    assertEquals(await problems(folder, { "unet/model.onnx_data": undefined }), [
      "unet/model.onnx_data: missing; the weights of unet/model.onnx are in it",
    ]);
    assertEquals(await problems(folder, { "unet/model.onnx_data": noise(3999) }), [
      "unet/model.onnx_data: it has 3999 bytes; expected at least 4000 (truncated?)",
    ]);
  }));

Deno.test("openRepository() takes a variant where a folder has it, and the plain graph elsewhere", () =>
  withFolder(async (folder) => {
    await write(folder, { ...optimum(), "unet/model_fp16.onnx": graph() });
    const repository = await openRepository(folder, { variant: "fp16" });
    assertEquals(repository.file("unet"), join(folder, "unet/model_fp16.onnx"));
    assertEquals(repository.file("text_encoder"), join(folder, "text_encoder/model.onnx"));
    assertEquals((await openRepository(folder)).file("unet"), join(folder, "unet/model.onnx"));
    const open = () => openRepository(folder, { variant: "int8" });
    await assertRejects(open, RepositoryError, `no variant "int8"`);
  }));

Deno.test("openRepository() says what a folder that is no model holds", () =>
  withFolder(async (folder) => {
    await write(folder, { "model.safetensors": "x" });
    await assertRejects(
      () => openRepository(folder),
      RepositoryError,
      "it holds model.safetensors",
    );
    await write(folder, { "model_index.json": "{ not json" });
    await assertRejects(() => openRepository(folder), SyntaxError, "model_index.json");
    await write(folder, { "model_index.json": "{}" });
    await assertRejects(() => openRepository(folder), RepositoryError, "_class_name");
    await write(folder, { "model_index.json": `{"_class_name":"X"}` });
    await assertRejects(() => openRepository(folder), RepositoryError, "names no component");
    const file = join(folder, "model.safetensors");
    await assertRejects(() => openRepository(file), RepositoryError, "it is a file");
  }));

Deno.test("openRepository() tells a path from a hub id, and says where it looked", async () => {
  for (const path of ["./none", "../none", "/none/at/all", "~/none-at-all", "a/b/c", "C:\\none"]) {
    await assertRejects(() => openRepository(path), RepositoryError, "there is no folder");
  }
  await assertRejects(() => openRepository(" "), RepositoryError, "its name is empty");
  const cacheDir = await Deno.makeTempDir();
  const open = () => openRepository("owner/none", { offline: true, cacheDir });
  const error = await assertRejects(open, HubError, "not in the cache");
  assertStringIncludes(error.message, "no folder");
  await Deno.remove(cacheDir);
});

Deno.test("file() and json() name the folder and what it holds", () =>
  withFolder(async (folder) => {
    await write(folder, { ...optimum(), "unet/config.json": "{" });
    const repository = await openRepository(folder);
    assertThrows(() => repository.file("unet", "labels.json"), RepositoryError, "it holds");
    assertThrows(() => repository.file("vae_encoder"), RepositoryError, "no such folder");
    await assertRejects(() => repository.json("unet", "config.json"), SyntaxError, "config.json");
  }));

Deno.test("openRepository() downloads a hub id, a revision and a page address; cachedModels() lists it", () =>
  withFolder(async (cacheDir) => {
    await using hub = new MockHub(optimum());
    const options = { endpoint: hub.endpoint, cacheDir, token: false as const, backoff: 1 };
    const repository = await openRepository("owner/model", options);
    assert(repository.has("unet"));
    assertEquals((await Deno.readFile(repository.file("unet", "model.onnx_data"))).length, 4000);
    assertEquals((await openRepository("owner/model@main", options)).path, repository.path);
    const page = "https://huggingface.co/owner/model/tree/main";
    assertEquals((await openRepository(page, options)).path, repository.path);
    await assertRejects(() => openRepository("owner/model@v2", options), HubError, `"v2"`);
    const [model, ...others] = await cachedModels({ cacheDir });
    assertEquals(others, []);
    assertEquals([model!.id, model!.revisions, model!.missing], ["owner/model", ["main"], []]);
    assertEquals(model!.path, repository.path);
    assertEquals(model!.pipeline, "StableDiffusionPipeline");
    assert(model!.size > 4000);
  }));

Deno.test("external data that links lead away from its graph is put beside it", () =>
  withFolder(async (folder) => {
    const elsewhere = join(folder, "store");
    const root = join(folder, "model");
    const cacheDir = join(folder, "cache");
    await write(elsewhere, { "aa/data": noise(4000) });
    const { "unet/model.onnx_data": _, ...files } = optimum();
    await write(root, files);
    await Deno.symlink(join(elsewhere, "aa/data"), join(root, "unet/model.onnx_data"));
    const path = (await openRepository(root, { cacheDir })).file("unet");
    assert(path.startsWith(cacheDir));
    assertEquals(await Deno.readFile(path), await Deno.readFile(join(root, "unet/model.onnx")));
    assertEquals(await Deno.readFile(join(path, "../model.onnx_data")), noise(4000));
    assert(!(await Deno.lstat(join(path, "../model.onnx_data"))).isSymlink);
    assertEquals((await openRepository(root, { cacheDir })).file("unet"), path);
  }));
