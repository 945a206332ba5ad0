import { assert, assertEquals, assertRejects } from "@std/assert";
import { defaultCacheDir, evict } from "./_optimised_cache.ts";
import type { ModelSpec } from "./_onnx_writer.ts";
import { addModel, convolutionModel, modelFile } from "./_testing.ts";
import { readOnnxModel } from "./onnx_model.ts";
import { openSession } from "./worker_session.ts";

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

async function entries(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
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
  assertEquals(await entries(`${cache}/${name}`), ["model.onnx", "model.onnx_data"]);
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
  assertEquals(await entries(copy), ["fused.onnx", "model.onnx", "model.onnx_data"]);
  const { operators } = readOnnxModel(`${copy}/fused.onnx`);
  assertEquals(operators.get("com.microsoft:MultiHeadAttention"), 1);
  assertEquals(operators.get("Softmax"), undefined);
  await Deno.truncate(`${copy}/fused.onnx`, 100);
  close(await result(file.path, cache));
  // The plain graph beside it was good: nothing was made anew.
  assertEquals((await Deno.stat(`${copy}/fused.onnx`)).size, 100);
});

Deno.test("a changed model gets a copy of its own; a small one gets none", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  await result(file.path, cache);
  await Deno.utime(file.path, new Date(0), new Date(0));
  await result(file.path, cache);
  assertEquals((await entries(cache)).length, 2);
  await using small = await modelFile(addModel);
  await using session = await openSession(small.path, { device: "cpu", cacheDir: cache });
  assertEquals(session.inputNames, ["a", "b"]);
  assertEquals((await entries(cache)).length, 2);
});

Deno.test("a copy that is damaged is made anew", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  const expected = await result(file.path, cache);
  const copy = `${cache}/${(await entries(cache))[0]}/model.onnx`;
  await Deno.truncate(copy, 100);
  assertEquals(await result(file.path, cache), expected);
  assert((await Deno.stat(copy)).size > 100);
});

Deno.test("a cache that cannot be written is done without", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const blocked = `${file.folder}/blocked`;
  await Deno.writeTextFile(blocked, "a file where the folder should be");
  assertEquals(await result(file.path, `${blocked}/cache`), await result(file.path, false));
  assertEquals(await Deno.readTextFile(blocked), "a file where the folder should be");
});

Deno.test("two openings at once share one copy", async () => {
  await using file = await modelFile(convolutionModel(channels));
  const cache = `${file.folder}/cache`;
  const [one, two] = await Promise.all([result(file.path, cache), result(file.path, cache)]);
  assertEquals(one, two);
  assertEquals((await entries(cache)).length, 1);
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
  evict(cache, `${cache}/${name("a")}`, 1200);
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
