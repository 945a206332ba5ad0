import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openDenoiser } from "../denoiser/denoiser.ts";
import { openRepository } from "./repository.ts";
import { RepositoryError } from "./error.ts";
import { belongsTo, chooseSafetensors } from "../safetensors/choose.ts";
import { safetensorsBytes } from "../safetensors/_safetensors_testing.ts";

const fixtures = new URL("../../../tests/fixtures/safetensors/", import.meta.url);

async function copyOf(family: string): Promise<
  AsyncDisposable & { readonly path: string; readonly cacheDir: string }
> {
  const root = await Deno.makeTempDir({ prefix: "shum_safetensors_" });
  const path = `${root}/model`;
  const from = new URL(`${family}/`, fixtures);
  await Deno.mkdir(path);
  for (const entry of Deno.readDirSync(from)) {
    if (entry.isFile) await Deno.copyFile(new URL(entry.name, from), `${path}/${entry.name}`);
    else {
      await Deno.mkdir(`${path}/${entry.name}`);
      for (const { name } of Deno.readDirSync(new URL(`${entry.name}/`, from))) {
        const to = `${path}/${entry.name}/${name}`;
        await Deno.copyFile(new URL(`${entry.name}/${name}`, from), to);
      }
    }
  }
  return {
    path,
    cacheDir: `${root}/cache`,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

const unet = "unet/diffusion_pytorch_model.safetensors";

async function problems(model: { path: string; cacheDir: string }): Promise<string> {
  const opening = () => openRepository(model.path, { cacheDir: model.cacheDir });
  return (await assertRejects(opening, RepositoryError)).message;
}

Deno.test("a folder of safetensors opens: graphs lie beside links to its weights, nothing is copied", async () => {
  await using model = await copyOf("sd");
  const { cacheDir } = model;
  const repository = await openRepository(model.path, { cacheDir });
  for (const component of ["unet", "text_encoder", "vae_encoder", "vae_decoder"]) {
    assert(repository.has(component));
    const graph = await repository.graph(component);
    assert(graph.startsWith(cacheDir), graph);
    const folder = component.startsWith("vae") ? "vae" : component;
    const file = component === "text_encoder" ? "model" : "diffusion_pytorch_model";
    const [a, b] = [
      graph.replace(/[^/]+$/, "weights-0.safetensors"),
      `${model.path}/${folder}/${file}.safetensors`,
    ].map((path) => Deno.statSync(path).ino);
    assertEquals(a, b);
  }
  const again = await openRepository(model.path, { cacheDir });
  assertEquals(await again.graph("unet"), await repository.graph("unet"));
  await using denoiser = await openDenoiser(repository, { device: "cpu", cacheDir: false });
  assertEquals(denoiser.config.in_channels, 4);
});

Deno.test("changed weights get a graph of their own, and a damaged graph is written anew", async () => {
  await using model = await copyOf("ddpm");
  const open = async () =>
    (await openRepository(model.path, { cacheDir: model.cacheDir })).graph("unet");
  const graph = await open();
  const bytes = Deno.readFileSync(graph);
  Deno.writeFileSync(graph, bytes.slice(9));
  assertEquals(await open(), graph);
  assertEquals(Deno.readFileSync(graph), bytes);
  const weights = Deno.readFileSync(`${model.path}/${unet}`);
  Deno.removeSync(`${model.path}/${unet}`);
  Deno.writeFileSync(`${model.path}/${unet}`, weights);
  assert(await open() !== graph);
});

Deno.test("an ONNX export beside safetensors is preferred", async () => {
  await using model = await copyOf("ddpm");
  const onnx = new URL("../pipelines/ddpm/unet/model.onnx", fixtures);
  await Deno.copyFile(onnx, `${model.path}/unet/model.onnx`);
  const repository = await openRepository(model.path, { cacheDir: model.cacheDir });
  assertEquals(await repository.graph("unet"), `${model.path}/unet/model.onnx`);
});

Deno.test("what is wrong with weights is said, and nothing is written", async (t) => {
  const cases: readonly (readonly [string, (path: string) => void, string])[] = [
    ["cut short", (path) => Deno.truncateSync(`${path}/${unet}`, 50_000), "the file after 50000"],
    ["empty", (path) => Deno.truncateSync(`${path}/${unet}`, 0), "it has 0 bytes"],
    [
      "a header of 4 GB",
      (path) => {
        const bytes = safetensorsBytes("{}", 0);
        new DataView(bytes.buffer).setBigUint64(0, 2n ** 32n, true);
        Deno.writeFileSync(`${path}/${unet}`, bytes);
      },
      "said to have 4294967296 bytes",
    ],
    [
      "a pickle under the name of safetensors",
      (path) => Deno.writeTextFileSync(`${path}/${unet}`, "PK\x03\x04".padEnd(99)),
      "can run any code",
    ],
    [
      "a pickle",
      (path) => Deno.renameSync(`${path}/${unet}`, `${path}/unet/diffusion_pytorch_model.bin`),
      "diffusion_pytorch_model.bin is not opened: it is a PyTorch checkpoint (.bin), a Python pickle",
    ],
    [
      "no configuration",
      (path) => Deno.removeSync(`${path}/unet/config.json`),
      "config.json: missing",
    ],
    [
      "another network's configuration",
      (path) =>
        Deno.copyFileSync(new URL("cm/unet/config.json", fixtures), `${path}/unet/config.json`),
      "expected",
    ],
    [
      "a link out of the model",
      (path) => {
        Deno.renameSync(`${path}/${unet}`, `${path}/../elsewhere.safetensors`);
        Deno.symlinkSync(`${path}/../elsewhere.safetensors`, `${path}/${unet}`);
      },
      "outside the model",
    ],
  ];
  for (const [title, damage, expected] of cases) {
    await t.step(title, async () => {
      await using model = await copyOf("ddpm");
      damage(model.path);
      const message = await problems(model);
      assert(message.includes(expected), message);
      assertEquals([...lists(model.cacheDir)], []);
    });
  }
});

function* lists(folder: string): Iterable<string> {
  try {
    for (const { name } of Deno.readDirSync(folder)) yield name;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

Deno.test("of a model in shards, all must be there, with what the index says of them", async (t) => {
  const cases: readonly (readonly [string, (folder: string) => void, string])[] = [
    [
      "a missing shard",
      (folder) => Deno.removeSync(`${folder}/${shards(folder)[1]}`),
      "00002-of-",
    ],
    [
      "a shard of another model",
      (folder) =>
        Deno.copyFileSync(`${folder}/${shards(folder)[0]}`, `${folder}/${shards(folder)[1]}`),
      "which diffusion_pytorch_model.safetensors.index.json says it has",
    ],
    [
      "a name that leads elsewhere",
      (folder) => {
        const index = { weight_map: { x: "../../other.safetensors" } };
        const path = `${folder}/diffusion_pytorch_model.safetensors.index.json`;
        Deno.writeTextFileSync(path, JSON.stringify(index));
      },
      "expected the plain name",
    ],
  ];
  for (const [title, damage, expected] of cases) {
    await t.step(title, async () => {
      await using model = await copyOf("sd2");
      damage(`${model.path}/unet`);
      const message = await problems(model);
      assert(message.includes(expected), message);
    });
  }
});

function shards(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.endsWith(".safetensors")).sort();
}

Deno.test("a single file that lacks a tensor, or is a pickle, is refused, and nothing is written", async () => {
  const root = await Deno.makeTempDir();
  const cacheDir = `${root}/cache`;
  const file = `${root}/tiny.safetensors`;
  const part = new URL("single-sd1/model.safetensors", fixtures);
  await Deno.copyFile(part, file);
  // The fixture is without one tensor.
  const opening = () => openRepository(file, { cacheDir });
  const { message } = await assertRejects(opening, RepositoryError);
  assert(message.includes(`Cannot open model "${file}"`), message);
  assert(message.includes("embeddings.token_embedding.weight"), message);
  assertEquals([...lists(cacheDir)], []);
  for (const name of ["a.ckpt", "a.safetensors"]) {
    await Deno.writeTextFile(`${root}/${name}`, "PK\x03\x04".padEnd(99));
    const opening = () => openRepository(`${root}/${name}`, { cacheDir });
    await assertRejects(opening, RepositoryError, "can run any code");
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test("a variant that no folder has is refused with the names that were looked for", async () => {
  const path = fromFileUrl(new URL("inpaint", fixtures));
  const cacheDir = await Deno.makeTempDir();
  const opening = () => openRepository(path, { cacheDir, variant: "fp8" });
  const { message } = await assertRejects(opening, RepositoryError);
  assert(message.includes("diffusion_pytorch_model.fp8.safetensors"), message);
  for (const variant of [{}, { variant: "fp16" }]) {
    assert((await openRepository(path, { cacheDir, ...variant })).has("unet"));
  }
});

Deno.test("weights are chosen by the usual name and variant, else the only ones there are", () => {
  const stem = "diffusion_pytorch_model";
  const both = [`${stem}.safetensors`, `${stem}.fp16.safetensors`];
  const whole = (file: string) => ({ file, sharded: false });
  assertEquals(chooseSafetensors(both), whole(both[0]!));
  assertEquals(chooseSafetensors(both, "fp16"), whole(both[1]!));
  assertEquals(chooseSafetensors([both[1]!]), whole(both[1]!));
  assertEquals(chooseSafetensors([both[0]!], "fp16"), undefined);
  assertEquals(chooseSafetensors(["a.safetensors", "b.safetensors"]), undefined);
  assertEquals(chooseSafetensors(["model.safetensors", "model.onnx"]), whole("model.safetensors"));
  const index = (file: string) => ({ file, sharded: true });
  for (
    const name of [`${stem}.safetensors.index.fp16.json`, `${stem}.fp16.safetensors.index.json`]
  ) {
    assertEquals(chooseSafetensors([name, "x.safetensors"], "fp16"), index(name));
  }
});

Deno.test("shards belong to the index of their variant", () => {
  const index = (file: string) => ({ file, sharded: true });
  const plain = "model-00001-of-00002.safetensors";
  const late = "model-00001-of-00002.fp16.safetensors";
  const early = "model.fp16-00001-of-00002.safetensors";
  for (
    const [file, expected] of [
      ["model.safetensors.index.json", [plain]],
      ["model.safetensors.index.fp16.json", [late, early]],
      ["model.fp16.safetensors.index.json", [late, early]],
      ["other.safetensors.index.json", []],
    ] as const
  ) {
    const found = [plain, late, early, "model.safetensors"].filter((name) =>
      belongsTo(name, index(file))
    );
    assertEquals(found, [...expected], file);
    assert(belongsTo(file, index(file)));
  }
});
