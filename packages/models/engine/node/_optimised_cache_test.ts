import { assert, assertEquals, assertRejects } from "@std/assert";
import { evict } from "../../files/_cache_folder.ts";
import { contentHash } from "../../files/_content_hash.ts";
import { defaultCacheDir, writeManifest } from "./_optimised_cache.ts";
import type { ModelSpec } from "../../onnx/_writer.ts";
import { addModel, convolutionModel, modelFile } from "../../testing/_testing.ts";
import { readOnnxModel } from "../../onnx/model.ts";
import { openSession } from "./open_session.ts";

const channels = 512; // 9 MiB of weights: worth a copy
const x = {
  data: Float32Array.from({ length: channels * 25 }, (_, i) => Math.cos(i)),
  shape: [1, channels, 5, 5],
};

/** y: self-attention of 8 heads over the 25 rows of x, with 12 MiB of weights. */
function attentionModel(): ModelSpec {
  const width = 2048;
  const split = [0, 0, 8, width / 8];
  const integers = (name: string, values: number[]) => {
    const data = BigInt64Array.from(values, BigInt);
    return { name, type: "int64", shape: [values.length], data };
  };
  const side = (name: string, ...perm: number[]) => [
    { op: "MatMul", inputs: ["flat", `w${name}`], outputs: [name] },
    { op: "Reshape", inputs: [name, "split"], outputs: [`${name} split`] },
    { op: "Transpose", inputs: [`${name} split`], outputs: [`${name} t`], attributes: { perm } },
  ];
  return {
    inputs: [{ name: "x", type: "float32", shape: [1, channels, 5, 5] }],
    outputs: [{ name: "y", type: "float32", shape: [1, "s", width] }],
    nodes: [
      { op: "Reshape", inputs: ["x", "rows"], outputs: ["flat"] },
      ...side("q", 0, 2, 1, 3),
      ...side("k", 0, 2, 3, 1),
      ...side("v", 0, 2, 1, 3),
      { op: "MatMul", inputs: ["q t", "k t"], outputs: ["products"] },
      { op: "Mul", inputs: ["products", "scale"], outputs: ["scores"] },
      { op: "Softmax", inputs: ["scores"], outputs: ["p"], attributes: { axis: -1 } },
      { op: "MatMul", inputs: ["p", "v t"], outputs: ["mixed"] },
      { op: "Transpose", inputs: ["mixed"], outputs: ["z"], attributes: { perm: [0, 2, 1, 3] } },
      { op: "Reshape", inputs: ["z", "together"], outputs: ["y"] },
    ],
    initializers: [
      integers("rows", [1, -1, channels]),
      integers("split", split),
      integers("together", [0, 0, -1]),
      { name: "scale", type: "float32", shape: [], data: new Float32Array([0.1]) },
      ...["wq", "wk", "wv"].map((name, n) => ({
        name,
        type: "float32",
        shape: [channels, width],
        data: Float32Array.from({ length: channels * width }, (_, i) => Math.sin(i + n) / 20),
      })),
    ],
  };
}

async function result(path: string, cacheDir: string | false): Promise<Float32Array> {
  await using session = await openSession(path, { device: "cpu", cacheDir });
  return (await session.run({ x })).y!.data as Float32Array;
}

/** The copies in a cache, or the files of a copy; without the index of hashes. */
async function entries(folder: string): Promise<string[]> {
  try {
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    return names.filter((name) => name !== "hashes.json").sort();
  } catch {
    return [];
  }
}

Deno.test("the optimised copy of a model gives the same numbers, first and second time", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  const plain = await result(file.path, false);
  assertEquals(await entries(cache), []); // the off-switch
  assertEquals(await result(file.path, cache), plain);
  const [name, ...more] = await entries(cache);
  assertEquals(more, []);
  assertEquals(await entries(`${cache}/${name}`), [
    "manifest.json",
    "model.onnx",
    "model.onnx_data",
  ]);
  const written = (await Deno.stat(`${cache}/${name}/model.onnx`)).mtime;
  assertEquals(await result(file.path, cache), plain);
  assertEquals((await Deno.stat(`${cache}/${name}/model.onnx`)).mtime, written);
});

Deno.test("attention is fused in the optimised copy; one that does not load gives way to the plain", async () => {
  await using file = await modelFile(attentionModel());
  const cache = `${file.folder}/cache`;
  const plain = await result(file.path, false);
  const close = (actual: Float32Array) => {
    assertEquals(actual.length, plain.length);
    const largest = Math.max(...plain.map(Math.abs));
    plain.forEach((value, i) => assert(Math.abs(actual[i]! - value) < 1e-5 * largest));
  };
  close(await result(file.path, cache));
  const copy = `${cache}/${(await entries(cache))[0]}`;
  const files = ["fused.onnx", "manifest.json", "model.onnx", "model.onnx_data"];
  assertEquals(await entries(copy), files);
  const { operators } = readOnnxModel(`${copy}/fused.onnx`);
  assertEquals(operators.get("com.microsoft:MultiHeadAttention"), 1);
  assertEquals(operators.get("Softmax"), undefined);
  await Deno.truncate(`${copy}/fused.onnx`, 100);
  writeManifest(copy); // as if the engine of this version did not take it
  close(await result(file.path, cache));
  // The plain graph beside it was good: nothing was made anew.
  assertEquals((await Deno.stat(`${copy}/fused.onnx`)).size, 100);
});

Deno.test("a small model gets no copy; a copy serves its model wherever that lies", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  const expected = await result(file.path, cache);
  await Deno.utime(file.path, new Date(0), new Date(0));
  await Deno.rename(file.path, `${file.folder}/other.onnx`);
  assertEquals(await result(`${file.folder}/other.onnx`, cache), expected);
  assertEquals((await entries(cache)).length, 1);
  await using small = await modelFile(addModel);
  await using session = await openSession(small.path, { device: "cpu", cacheDir: cache });
  assertEquals(session.inputNames, ["a", "b"]);
  assertEquals((await entries(cache)).length, 1);
});

Deno.test("another model under the same path, size and time gives its own numbers", async () => {
  const data = (sign: number) =>
    Uint8Array.from(
      new Uint8Array(
        Float32Array.from({ length: channels * channels * 9 }, (_, i) => sign * Math.sin(i)).buffer,
      ),
    );
  const [w] = convolutionModel(1).initializers!;
  const external = { location: "w", offset: 0, length: data(1).length };
  await using file = await modelFile({
    ...convolutionModel(channels),
    initializers: [{ name: "w", type: w!.type, shape: [channels, channels, 3, 3], external }],
  });
  const weights = `${file.folder}/w`;
  const cache = `${file.folder}/cache`;
  const write = async (sign: number) => {
    await Deno.writeFile(weights, data(sign));
    await Deno.utime(weights, new Date(1e9), new Date(1e9));
  };
  for (const sign of [1, -0.5]) {
    await write(sign); // in place: the inode stays as well
    assertEquals(await result(file.path, cache), await result(file.path, false));
    await new Promise((resolve) => setTimeout(resolve, 1100)); // Deno's ctime counts seconds
  }
  assertEquals((await entries(cache)).length, 2);
});

for (
  const [title, damage] of [
    ["a cut-off graph", (copy: string) => Deno.truncate(`${copy}/model.onnx`, 100)],
    ["an empty fused graph", (copy: string) => Deno.truncate(`${copy}/fused.onnx`, 0)],
    ["a flipped bit", async (copy: string) => {
      const path = `${copy}/model.onnx_data`;
      using data = await Deno.open(path, { read: true, write: true });
      const byte = new Uint8Array(1);
      const at = Math.floor((await data.stat()).size / 2) | 3; // an exponent
      await data.seek(at, Deno.SeekMode.Start);
      await data.read(byte);
      byte[0]! ^= 0x40;
      await data.seek(at, Deno.SeekMode.Start);
      await data.write(byte);
    }],
    ["no manifest", (copy: string) => Deno.remove(`${copy}/manifest.json`)],
    ["a manifest of nothing", (copy: string) => Deno.writeTextFile(`${copy}/manifest.json`, "{}")],
    ["a missing file", (copy: string) => Deno.remove(`${copy}/model.onnx_data`)],
  ] as const
) {
  Deno.test(`a copy with ${title} is made anew, and gives the same numbers`, async () => {
    await using file = await modelFile(attentionModel());
    const cache = `${file.folder}/cache`;
    const expected = await result(file.path, cache);
    const copy = `${cache}/${(await entries(cache))[0]}`;
    const files = () =>
      Promise.all(["fused.onnx", "model.onnx", "model.onnx_data", "manifest.json"].map(
        async (name) => [name, (await Deno.stat(`${copy}/${name}`)).size],
      ));
    const before = await files();
    await damage(copy);
    assertEquals(await result(file.path, cache), expected);
    assertEquals(await files(), before);
    const { mtime } = await Deno.stat(`${copy}/model.onnx`);
    assertEquals(await result(file.path, cache), expected);
    assertEquals((await Deno.stat(`${copy}/model.onnx`)).mtime, mtime); // not every time
  });
}

Deno.test("contentHash() reads a file once, and again when anything about it has changed", async () => {
  const folder = await Deno.makeTempDir();
  const [path, cache] = [`${folder}/file`, `${folder}/cache`];
  const index = async () => JSON.parse(await Deno.readTextFile(`${cache}/hashes.json`));
  const sha256 = async () => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
    return new Uint8Array(digest).toHex();
  };
  await Deno.writeTextFile(path, "one");
  assertEquals(contentHash(path, cache), await sha256());
  assertEquals(await entries(cache), []); // it may yet change within the clock's step
  await new Promise((resolve) => setTimeout(resolve, 3100));
  assertEquals(contentHash(path, cache), await sha256());
  const real = await Deno.realPath(path);
  const stamp = (await index())[real][0];
  // What is remembered is believed: the file is not read.
  const otherHash = "0".repeat(64);
  await Deno.writeTextFile(`${cache}/hashes.json`, JSON.stringify({ [real]: [stamp, otherHash] }));
  assertEquals(contentHash(path, cache), otherHash);
  const { mtime } = await Deno.stat(path);
  await Deno.writeTextFile(path, "two");
  await Deno.utime(path, mtime!, mtime!);
  assertEquals(contentHash(path, cache), await sha256());
  for (const damaged of ["", "{", "null", "[1]", `{"${real}": 5}`, `{"${real}": ["x", "y"]}`]) {
    await Deno.writeTextFile(`${cache}/hashes.json`, damaged);
    assertEquals(contentHash(path, cache), await sha256());
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a cache that cannot be written is done without", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const blocked = `${file.folder}/blocked`;
  await Deno.writeTextFile(blocked, "a file where the folder should be");
  assertEquals(await result(file.path, `${blocked}/cache`), await result(file.path, false));
  assertEquals(await Deno.readTextFile(blocked), "a file where the folder should be");
});

Deno.test("a cache that can only be read serves what it holds, and is done without when damaged", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  const expected = await result(file.path, cache);
  const copy = `${cache}/${(await entries(cache))[0]}`;
  await Deno.remove(`${cache}/hashes.json`);
  // To the superuser every folder can be written: a folder in a file's place cannot.
  await Deno.mkdir(`${cache}/hashes.json/x`, { recursive: true });
  await Deno.chmod(copy, 0o555);
  await Deno.chmod(cache, 0o555);
  try {
    assertEquals(await result(file.path, cache), expected);
    await Deno.chmod(copy, 0o755);
    await Deno.truncate(`${copy}/model.onnx_data`, 4096);
    await Deno.chmod(copy, 0o555);
    assertEquals(await result(file.path, cache), expected);
  } finally {
    await Deno.chmod(cache, 0o755);
    await Deno.chmod(copy, 0o755).catch(() => {});
  }
});

Deno.test("two openings at once, in one process and in two, share one copy", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  const [one, two] = await Promise.all([result(file.path, cache), result(file.path, cache)]);
  assertEquals(one, two);
  assertEquals((await entries(cache)).length, 1);
  await Deno.remove(cache, { recursive: true });
  const script = `${file.folder}/open.ts`;
  const from = JSON.stringify(new URL("./open_session.ts", import.meta.url).href);
  await Deno.writeTextFile(
    script,
    `import { openSession } from ${from};
     await using session = await openSession(${JSON.stringify(file.path)}, {
       device: "cpu", cacheDir: ${JSON.stringify(cache)},
     });
     const data = Float32Array.from({ length: ${channels} * 25 }, (_, i) => Math.cos(i));
     const { y } = await session.run({ x: { data, shape: [1, ${channels}, 5, 5] } });
     console.log(new Uint8Array(await crypto.subtle.digest("SHA-256", y.data)).toHex());`,
  );
  const config = new URL("../../../../deno.json", import.meta.url).pathname;
  const args = ["run", "--allow-all", "--no-check", "--no-lock", "--config", config, script];
  const outputs = await Promise.all(
    Array.from({ length: 3 }, () => new Deno.Command(Deno.execPath(), { args }).output()),
  );
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", one.slice()),
  ).toHex();
  for (const { code, stdout, stderr } of outputs) {
    assertEquals([code, new TextDecoder().decode(stdout).trim()], [0, digest], String(stderr));
  }
  assertEquals((await entries(cache)).length, 1);
  assertEquals(await result(file.path, cache), one);
});

Deno.test("a broken model leaves nothing in the cache", async () => {
  await using file = await modelFile(new Uint8Array(9 * 2 ** 20));
  const cache = `${file.folder}/cache`;
  await assertRejects(() => result(file.path, cache), SyntaxError, "not an ONNX model");
  assertEquals(await entries(cache), []);
});

Deno.test("evict() removes the least recently used copies, stale remains, and nothing else", async () => {
  const cache = await Deno.makeTempDir();
  const name = (digit: string) => digit.repeat(32);
  const make = async (folder: string, bytes: number, seconds: number) => {
    await Deno.mkdir(`${cache}/${folder}`);
    await Deno.writeFile(`${cache}/${folder}/model.onnx`, new Uint8Array(bytes));
    await Deno.utime(`${cache}/${folder}`, seconds, seconds);
  };
  const now = Math.floor(Date.now() / 1000);
  await make(name("a"), 400, now - 30);
  await make(name("b"), 400, now - 20);
  await make(name("c"), 400, now - 10);
  await make(`${name("d")}.01234567.tmp`, 400, now - 100_000);
  await make(`${name("e")}.01234567.tmp`, 400, now);
  await make("somebody's pictures", 4000, 0);
  evict(cache, `${cache}/${name("a")}`, { limit: 1200 });
  assertEquals(await entries(cache), [
    name("a"), // the oldest, but the one in use
    name("c"),
    `${name("e")}.01234567.tmp`, // another process is writing it
    "somebody's pictures",
  ]);
  await Deno.remove(cache, { recursive: true });
});

Deno.test("SHUM_OPTIMISED_CACHE names the folder or switches copies off", () => {
  const before = Deno.env.get("SHUM_OPTIMISED_CACHE");
  try {
    Deno.env.set("SHUM_OPTIMISED_CACHE", "/some/where");
    assertEquals(defaultCacheDir(), "/some/where");
    Deno.env.set("SHUM_OPTIMISED_CACHE", "off");
    assertEquals(defaultCacheDir(), false);
  } finally {
    if (before === undefined) Deno.env.delete("SHUM_OPTIMISED_CACHE");
    else Deno.env.set("SHUM_OPTIMISED_CACHE", before);
  }
});
