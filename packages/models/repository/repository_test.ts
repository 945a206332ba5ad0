import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { MockHub, noise } from "../testing/_mock_hub.ts";
import { writeOnnxModel } from "../onnx/_writer.ts";
import { HubError } from "../hub/_error.ts";
import { cachedModels } from "./_cached.ts";
import { RepositoryError } from "./error.ts";
import { openRepository } from "./repository.ts";

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
    assertStringIncludes(about("unet/"), "it has 1 bytes; expected a .safetensors file");
    assertStringIncludes(about("scheduler"), "no such folder");
    assertStringIncludes(about("tokenizer/"), "merges.txt; the folder holds vocab.json");
    assertStringIncludes(about("text_encoder/"), "cut short");
    assertStringIncludes(about("vae_decoder/"), "Cannot read ONNX model");
  }));

Deno.test("openRepository() compares external data with what the graph refers to", () =>
  withFolder(async (folder) => {
    assertEquals(await problems(folder, { "unet/model.onnx_data": undefined }), [
      'unet/model.onnx: its weights "model.onnx_data" are missing; expected that file beside the model',
    ]);
    assertEquals(await problems(folder, { "unet/model.onnx_data": noise(3999) }), [
      'unet/model.onnx: its weights "model.onnx_data" have 3999 bytes; expected 4000: the file is cut ' +
      "short, download it again",
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
    const file = join(folder, "unfinished.txt");
    await write(folder, { "unfinished.txt": "x" });
    await assertRejects(
      () => openRepository(file),
      RepositoryError,
      "it has 1 bytes; expected a .safetensors",
    );
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

/** A snapshot in the layout of newer hub caches, whose blobs several repositories share. */
async function sharedSnapshot(cache: string, name = "models--owner--model"): Promise<string> {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const root = join(cache, name, "snapshots", commit);
  const { "unet/model.onnx_data": data, ...files } = optimum();
  await write(root, files);
  await write(cache, { "blobs/aa/data": data! });
  await Deno.mkdir(join(cache, name, "blobs"), { recursive: true });
  await Deno.symlink("../../blobs/aa/data", join(cache, name, "blobs/data"));
  await Deno.symlink("../../../blobs/data", join(root, "unet/model.onnx_data"));
  return root;
}

Deno.test("external data that links lead away from its graph is put beside it", () =>
  withFolder(async (folder) => {
    const root = await sharedSnapshot(folder);
    const cacheDir = join(folder, "cache");
    const path = (await openRepository(root, { cacheDir })).file("unet");
    assert(path.startsWith(cacheDir));
    assertEquals(await Deno.readFile(path), await Deno.readFile(join(root, "unet/model.onnx")));
    assertEquals(await Deno.readFile(join(path, "../model.onnx_data")), noise(4000));
    assert(!(await Deno.lstat(join(path, "../model.onnx_data"))).isSymlink);
    assertEquals((await openRepository(root, { cacheDir })).file("unet"), path);
    // What a crash or a hand left of it is made good.
    await Deno.remove(join(path, "../model.onnx_data"));
    assertEquals((await openRepository(root, { cacheDir })).file("unet"), path);
    assertEquals(await Deno.readFile(join(path, "../model.onnx_data")), noise(4000));
  }));

Deno.test("the folder of graphs put beside their data is kept within the cache's limit", () =>
  withFolder(async (folder) => {
    const root = await sharedSnapshot(folder);
    const cacheDir = join(folder, "cache");
    const places = join(cacheDir, "shum-side-by-side");
    const entry = (digit: string) => join(places, digit.repeat(32));
    const make = async (path: string, bytes: number, hours: number) => {
      await Deno.mkdir(join(path, "deep"), { recursive: true });
      const file = join(path, "deep/weights");
      await Deno.writeFile(file, new Uint8Array());
      await Deno.truncate(file, bytes); // takes no room
      const then = new Date(Date.now() - hours * 3_600_000);
      await Deno.utime(path, then, then);
    };
    await make(entry("a"), 20 * 2 ** 30, 3);
    await make(entry("b"), 20 * 2 ** 30, 2);
    await make(entry("c"), 1000, 0.1);
    await make(`${entry("d")}.01234567.tmp`, 1000, 30); // left by a crash
    const path = (await openRepository(root, { cacheDir })).file("unet");
    const left = (await Array.fromAsync(Deno.readDir(places))).map(({ name }) => name).sort();
    const own = path.slice(places.length + 1).split("/")[0]!;
    assertEquals(left, [own, "b".repeat(32), "c".repeat(32)].sort());
  }));

/** A file that no opening of a model may touch. */
async function victim(path: string): Promise<() => Promise<void>> {
  await Deno.writeTextFile(path, "precious");
  const before = await Deno.lstat(path);
  return async () => {
    const after = await Deno.lstat(path);
    assertEquals(await Deno.readTextFile(path), "precious");
    assertEquals([after.ino, after.nlink], [before.ino, 1], "linked to from elsewhere");
  };
}

async function below(folder: string): Promise<string[]> {
  const found = await Array.fromAsync(Deno.readDir(folder));
  const deep = found.map(async ({ name, isDirectory }) =>
    isDirectory ? (await below(join(folder, name))).map((way) => `${name}/${way}`) : [name]
  );
  return (await Promise.all(deep)).flat().sort();
}

for (const place of ["hub", "plain"] as const) {
  Deno.test(`a ${place} model cannot write, link or read outside by what its graph names`, () =>
    withFolder(async (folder) => {
      const plain = join(folder, "model");
      const root = place === "hub" ? await sharedSnapshot(folder) : await write(plain, optimum());
      const secret = join(folder, "secret");
      const untouched = await victim(secret);
      const cacheDir = join(folder, "cache");
      const before = await below(folder);
      const climb = "../../".repeat(12);
      for (
        const location of [
          `${climb}${secret.slice(1)}`,
          secret,
          "../../secret",
          "a/../b",
          "a/../../../secret",
          "..",
          "../../",
          ".",
          "../",
          "",
          "a//b",
          "data/",
          "..\\secret",
          "C:\\secret",
          "C:secret",
          "secret\0.bin",
          "se\ncret",
          "*/_ORT_MEM_ADDR_/*",
          "x".repeat(300),
        ]
      ) {
        await Deno.writeFile(join(root, "unet/model.onnx"), graph(location));
        const error = await assertRejects(
          () => openRepository(root, { cacheDir }),
          RepositoryError,
          "are said to lie at",
        );
        // deno-lint-ignore no-control-regex
        assert(!/[\0-\x09\x0b-\x1f]/.test(error.message), "control characters are escaped");
      }
      await untouched();
      assertEquals(await below(folder), before);
    }));
}

Deno.test("links that lead out of a model are refused by name, wherever they are", () =>
  withFolder(async (folder) => {
    const secret = join(folder, "secret");
    const untouched = await victim(secret);
    const cacheDir = join(folder, "cache");
    const root = join(folder, "model");
    const elsewhere = join(folder, "elsewhere");
    const links: Readonly<Record<string, readonly [path: string, to: string][]>> = {
      "unet/model.onnx_data: ": [["unet/model.onnx_data", secret]],
      "unet/model.onnx: ": [["unet/model.onnx", "../../secret"]],
      "unet/config.json: ": [["unet/config.json", secret]],
      "tokenizer/vocab.json: ": [["tokenizer/vocab.json", secret]],
      "vae_decoder: ": [["vae_decoder", elsewhere]],
      // A chain, of which every link but the last stays inside.
      "unet/model.onnx_data: Cannot": [
        ["unet/model.onnx_data", "one"],
        ["unet/one", "../two"],
        ["two", secret],
      ],
    };
    for (const [problem, made] of Object.entries(links)) {
      await write(root, optimum());
      await write(elsewhere, { "model.onnx": graph() });
      for (const [path, to] of made) {
        await Deno.remove(join(root, path), { recursive: true }).catch(() => {});
        await Deno.symlink(to, join(root, path));
      }
      const error = await assertRejects(() => openRepository(root, { cacheDir }), RepositoryError);
      assert(error.problems.some((text) => text.startsWith(problem)), error.message);
      assertStringIncludes(error.message, "outside the model");
      await Deno.remove(root, { recursive: true });
    }
    await write(root, optimum());
    await Deno.remove(join(root, "model_index.json"));
    await Deno.symlink(secret, join(root, "model_index.json"));
    const open = () => openRepository(root, { cacheDir });
    await assertRejects(open, RepositoryError, "outside the model");
    await untouched();
    assertEquals(await below(cacheDir).catch(() => []), []);
  }));

Deno.test("links of a snapshot may lead to its repository's blobs, and to no other's", () =>
  withFolder(async (folder) => {
    const root = await sharedSnapshot(folder);
    const cacheDir = join(folder, "cache");
    await openRepository(root, { cacheDir });
    const data = join(root, "unet/model.onnx_data");
    for (
      const [to, works] of [["models--owner--model", true], ["models--other--x", false]] as const
    ) {
      await write(folder, { [`${to}/blobs/own`]: noise(4000) });
      await Deno.remove(data);
      await Deno.symlink(join(folder, to, "blobs/own"), data);
      const opening = openRepository(root, { cacheDir });
      if (works) await opening;
      else await assertRejects(() => opening, RepositoryError, "outside the model");
    }
  }));

Deno.test("links within a model, hard links and ./ are fine", () =>
  withFolder(async (folder) => {
    const root = await write(join(folder, "model"), { ...optimum(), "shared/w": noise(4000) });
    const data = join(root, "unet/model.onnx_data");
    const cacheDir = join(folder, "cache");
    const place = async () => (await openRepository(root, { cacheDir })).file("unet");
    await Deno.remove(data);
    await Deno.symlink("../shared/w", data);
    const linked = await place();
    assertEquals(await Deno.readFile(join(linked, "../model.onnx_data")), noise(4000));
    await Deno.remove(data);
    await Deno.link(join(root, "shared/w"), data);
    assertEquals(await place(), join(root, "unet/model.onnx"));
    await Deno.writeFile(join(root, "unet/model.onnx"), graph("./model.onnx_data", 4000));
    assertEquals(await place(), join(root, "unet/model.onnx"));
    // A folder that is named by a link is where that leads.
    await Deno.symlink(root, join(folder, "alias"));
    await openRepository(join(folder, "alias"), { cacheDir });
  }));

Deno.test("weights that are said to lie in the graph itself are refused", () =>
  withFolder(async (folder) => {
    const root = await write(folder, optimum());
    await Deno.writeFile(join(root, "unet/model.onnx"), graph("model.onnx"));
    await assertRejects(() => openRepository(root), RepositoryError, "in the graph itself");
  }));

Deno.test("weights in two files of nearly one name", () =>
  withFolder(async (folder) => {
    const root = await write(join(folder, "model"), optimum());
    const open = () => openRepository(root, { cacheDir: join(folder, "cache") });
    const tensor = (name: string, location: string) => ({
      name,
      type: "float32",
      shape: [1000],
      external: { location, offset: 0, length: 4000 },
    });
    const x = { name: "x", type: "float32", shape: [1000] };
    await Deno.writeFile(
      join(root, "unet/model.onnx"),
      writeOnnxModel({
        inputs: [x],
        outputs: [{ ...x, name: "y" }],
        nodes: [{ op: "Sum", inputs: ["x", "a", "b"], outputs: ["y"] }],
        initializers: [tensor("a", "W.bin"), tensor("b", "w.bin")],
      }),
    );
    await write(root, { "shared/1": noise(4000), "shared/2": noise(4000) });
    await Deno.symlink("../shared/1", join(root, "unet/W.bin"));
    try {
      await Deno.symlink("../shared/2", join(root, "unet/w.bin"));
    } catch {
      return; // this file system takes them for one
    }
    const path = (await open()).file("unet");
    await Promise.all(["W.bin", "w.bin"].map((name) => Deno.stat(join(path, "..", name))));
  }));

Deno.test({
  name: "a pipe in a model's folder is refused at once, by name",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const ways = [
        "unet/model.onnx",
        "unet/model.onnx_data",
        "unet/config.json",
        "tokenizer/vocab.json",
      ];
      for (const way of [...ways, "model_index.json"]) {
        const root = await write(join(folder, "model"), optimum());
        await Deno.remove(join(root, way));
        await new Deno.Command("mkfifo", { args: [join(root, way)] }).output();
        const error = await assertRejects(() => openRepository(root), RepositoryError, way);
        assertStringIncludes(error.message, "it is a named pipe");
        await Deno.remove(root, { recursive: true });
      }
      const root = await write(join(folder, "model"), optimum());
      await Deno.remove(join(root, "unet/config.json"));
      await Deno.symlink("/dev/zero", join(root, "unet/config.json"));
      await assertRejects(() => openRepository(root), RepositoryError, "unet/config.json");
    }),
});

Deno.test("a configuration that is longer than any is not read", () =>
  withFolder(async (folder) => {
    const root = await write(join(folder, "model"), optimum());
    await Deno.truncate(join(root, "unet/config.json"), 2 ** 33); // takes no room
    await Deno.truncate(join(root, "tokenizer/vocab.json"), 65 * 2 ** 20);
    const repository = await openRepository(root);
    const read = (component: string, name: string) => () => repository.json(component, name);
    await assertRejects(read("unet", "config.json"), RangeError, "expected at most 4194304");
    await assertRejects(read("tokenizer", "vocab.json"), RangeError, "expected at most 67108864");
    await Deno.truncate(join(root, "model_index.json"), 5 * 2 ** 20);
    await assertRejects(() => openRepository(root), RepositoryError, "5242880 bytes");
  }));
