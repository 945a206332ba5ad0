import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkOperators, readCheckedModel } from "./_model_check.ts";
import { writeOnnxModel } from "./_onnx_writer.ts";
import { addModel, convolutionModel, modelFile } from "./_testing.ts";
import { readInitializer, readOnnxModel } from "./onnx_model.ts";
import { openSession } from "./worker_session.ts";

const cpu = { device: "cpu", cacheDir: false } as const;

Deno.test("readOnnxModel() reads inputs, outputs, operators and constants", () => {
  const model = readOnnxModel(writeOnnxModel(convolutionModel(4)));
  assertEquals(model.inputs, [{ name: "x", type: "float32", shape: ["n", 4, "h", "w"] }]);
  assertEquals(model.outputs.map(({ name }) => name), ["y"]);
  assertEquals(model.operators, new Map([["Conv", 2]]));
  assertEquals(model.opsets, { "": 17 });
  assertEquals(model.nodes.map(({ inputs }) => inputs), [["x", "w"], ["h", "w"]]);
  const { name, type, shape, length } = model.initializers[0]!;
  assertEquals({ name, type, shape, length }, {
    name: "w",
    type: "float32",
    shape: [4, 4, 3, 3],
    length: 4 * 4 * 9 * 4,
  });
});

Deno.test("readInitializer() reads float32 and float16 constants", async () => {
  const numbers = new Float32Array([1, -2, 0.5]);
  await using file = await modelFile({
    ...addModel,
    initializers: [
      { name: "single", type: "float32", shape: [3], data: numbers },
      { name: "half", type: "float16", shape: [3], data: new Float16Array(numbers) },
    ],
  });
  for (const initializer of readOnnxModel(file.path).initializers) {
    assertEquals(readInitializer(file.path, initializer), numbers);
  }
});

Deno.test("readOnnxModel() refuses a file cut short at any byte", () => {
  const bytes = writeOnnxModel(convolutionModel(2));
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(
      () => readOnnxModel(bytes.subarray(0, length)),
      SyntaxError,
      "Cannot read ONNX model",
    );
  }
});

Deno.test("readOnnxModel() survives any single changed byte", () => {
  const original = writeOnnxModel(addModel);
  for (let i = 0; i < original.length; i++) {
    const bytes = original.slice();
    bytes[i]! ^= 0x55;
    try {
      assert(readOnnxModel(bytes));
    } catch (error) {
      assert(error instanceof SyntaxError, `byte ${i}: ${error}`);
    }
  }
});

/** A model whose one node is of the given operator. */
function single(op: string, domain: string, inputs = ["a", "b"]): Uint8Array {
  return writeOnnxModel({
    ...addModel,
    nodes: [{ op, domain, inputs, outputs: ["c"] }],
    domains: { [domain]: 1 },
  });
}

for (
  const [op, inputs, device, says] of [
    ["GroupNorm", ["a", "b"], "cpu", 'optimised for "cuda" or "dml" and uses 1 × GroupNorm'],
    ["NhwcConv", ["a", "b"], "webgpu", "1 × NhwcConv"],
    ["SkipGroupNorm", ["a", "b"], "cpu", "1 × SkipGroupNorm"],
    ["BiasSplitGelu", ["a", "b"], "cpu", "optimised for a graphics device"],
    ["MultiHeadAttention", ["a"], "cpu", "1 × MultiHeadAttention (packed)"],
  ] as const
) {
  Deno.test(`a model with ${op} is explained before "${device}" loads it`, () => {
    const model = readOnnxModel(single(op, "com.microsoft", [...inputs]));
    assertThrows(() => checkOperators("unet/model.onnx", model, device), Error, says);
    checkOperators("unet/model.onnx", model, "cuda"); // has them all
  });
}

Deno.test("models optimised for webgpu, or with a foreign library's operators, are explained", () => {
  const nhwc = readOnnxModel(single("Conv", "com.ms.internal.nhwc"));
  assertThrows(() => checkOperators("m", nhwc, "cpu"), Error, 'optimised for "webgpu"');
  checkOperators("m", nhwc, "webgpu");
  const foreign = readOnnxModel(single("Frobnicate", "my.domain"));
  assertThrows(() => checkOperators("m", foreign, "cpu"), Error, "my.domain:Frobnicate");
});

Deno.test("openSession() explains a missing file, a folder, and files that are no models", async () => {
  await using file = await modelFile(addModel);
  await assertRejects(() => openSession(`${file.path}x`, cpu), Error, "there is no such file");
  await assertRejects(() => openSession(file.folder, cpu), Error, "it is a folder");
  const cases: readonly (readonly [string | Uint8Array, string])[] = [
    ["version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"],
    ["<!doctype html><title>404</title>", "web page"],
    ["", "empty"],
    ["just some text", "not an ONNX model"],
    [new Uint8Array(1000), "not an ONNX model"],
    [writeOnnxModel(convolutionModel(8)).subarray(0, 1500), "cut short"],
  ];
  for (const [content, says] of cases) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(file.path, bytes);
    await assertRejects(() => openSession(file.path, cpu), Error, says);
  }
});

Deno.test("openSession() explains what only the engine finds out", async () => {
  await using file = await modelFile(addModel);
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [single("Frobnicate", ""), "the operator Frobnicate is unknown"],
    [single("Frobnicate", "com.microsoft"), "the operator com.microsoft:Frobnicate is unknown"],
    [writeOnnxModel({ ...addModel, opset: 99 }), "newer ONNX version"],
  ];
  for (const [bytes, says] of cases) {
    await Deno.writeFile(file.path, bytes);
    await assertRejects(() => openSession(file.path, cpu), Error, says);
  }
});

Deno.test("weights beside the model are loaded, and explained when missing or short", async () => {
  const length = 4 * 4 * 9 * 4;
  const whole = convolutionModel(4);
  await using file = await modelFile({
    ...whole,
    initializers: [{
      name: "w",
      type: "float32",
      shape: [4, 4, 3, 3],
      external: { location: "model.onnx_data", offset: 64, length },
    }],
  });
  assertEquals(readOnnxModel(file.path).externalFiles, ["model.onnx_data"]);
  await assertRejects(
    () => openSession(file.path, cpu),
    Error,
    'weights "model.onnx_data" are missing',
  );
  const weights = new Uint8Array(64 + length);
  weights.set(new Uint8Array((whole.initializers![0]!.data as Float32Array).buffer), 64);
  await Deno.writeFile(`${file.folder}/model.onnx_data`, weights.subarray(0, 100));
  await assertRejects(() => openSession(file.path, cpu), Error, "have 100 bytes; expected 640");
  await Deno.writeFile(`${file.folder}/model.onnx_data`, weights);
  const x = { data: new Float32Array(4 * 25).fill(1), shape: [1, 4, 5, 5] };
  await using external = await openSession(file.path, cpu);
  await using inline = await (async () => {
    await using other = await modelFile(whole);
    return await openSession(other.path, cpu);
  })();
  assertEquals((await external.run({ x })).y, (await inline.run({ x })).y);
  assertEquals(readCheckedModel(file.path).initializers[0]!.offset, 64);
});

Deno.test("weights that are linked from another folder are loaded, and nothing is left behind", async () => {
  const whole = convolutionModel(4);
  const data = new Uint8Array((whole.initializers![0]!.data as Float32Array).buffer);
  await using file = await modelFile({
    ...whole,
    initializers: [{
      name: "w",
      type: "float32",
      shape: [4, 4, 3, 3],
      external: { location: "model.onnx_data", offset: 0, length: data.length },
    }],
  });
  // A cache that keeps blobs apart: both files are links, into different folders.
  const blobs = `${file.folder}/blobs`;
  await Deno.mkdir(`${blobs}/1`, { recursive: true });
  await Deno.mkdir(`${blobs}/2`);
  await Deno.rename(file.path, `${blobs}/1/a`);
  await Deno.writeFile(`${blobs}/2/b`, data);
  await Deno.symlink(`${blobs}/1/a`, file.path);
  await Deno.symlink(`${blobs}/2/b`, `${file.folder}/model.onnx_data`);
  await using session = await openSession(file.path, cpu);
  const x = { data: new Float32Array(4 * 25).fill(1), shape: [1, 4, 5, 5] };
  await using other = await modelFile(whole);
  await using inline = await openSession(other.path, cpu);
  assertEquals((await session.run({ x })).y, (await inline.run({ x })).y);
  assertEquals((await Array.fromAsync(Deno.readDir(`${blobs}/1`))).map(({ name }) => name), ["a"]);
});

Deno.test("names with spaces and letters of any script are fine", async () => {
  await using file = await modelFile(addModel);
  const path = `${file.folder}/мій кіт 🐈.onnx`;
  await Deno.rename(file.path, path);
  await using session = await openSession(path, cpu);
  assertEquals(session.path, path);
});

Deno.test("weights outside the model's folder are refused", async () => {
  for (const location of ["../secret", "/etc/passwd", "a/../../secret"]) {
    const external = { location, offset: 0, length: 4 };
    await using file = await modelFile({
      ...addModel,
      initializers: [{ name: "w", type: "float32", shape: [1], external }],
    });
    await Deno.writeFile(`${file.folder}/../secret`, new Uint8Array(4));
    await assertRejects(() => openSession(file.path, cpu), Error, `said to lie at "${location}"`);
  }
});
