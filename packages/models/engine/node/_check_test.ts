import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkOperators, readCheckedModel } from "./_check.ts";
import {
  bytes,
  type InitializerSpec,
  join,
  writeInitializer,
  writeOnnxModel,
  writeOpset,
} from "../../onnx/_writer.ts";
import { addModel, convolutionModel, modelFile } from "../../testing/_testing.ts";
import { readInitializer, readOnnxModel } from "../../onnx/model.ts";
import { openSession } from "./open_session.ts";

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

Deno.test("weights that are linked from another folder are loaded, and nothing is left beside them", async () => {
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
  const before = Deno.env.get("HF_HUB_CACHE");
  Deno.env.set("HF_HUB_CACHE", `${file.folder}/cache`);
  const opening = openSession(file.path, cpu);
  if (before === undefined) Deno.env.delete("HF_HUB_CACHE");
  else Deno.env.set("HF_HUB_CACHE", before);
  await using session = await opening;
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
  for (const location of ["../secret", "/etc/passwd", "a/../../secret", "a\\..\\secret", ""]) {
    const external = { location, offset: 0, length: 4 };
    await using file = await modelFile({
      ...addModel,
      initializers: [{ name: "w", type: "float32", shape: [1], external }],
    });
    await Deno.writeFile(`${file.folder}/../secret`, new Uint8Array(4));
    const says = `said to lie at ${JSON.stringify(location)}`;
    await assertRejects(() => openSession(file.path, cpu), SyntaxError, says);
    assertThrows(() => readOnnxModel(file.path), SyntaxError, says);
    const initializer = { name: "w", type: "float32", shape: [1], file: location };
    assertThrows(
      () => readInitializer(file.path, { ...initializer, offset: 0, length: 4 }),
      SyntaxError,
      says,
    );
  }
});

Deno.test("constants of calls, of subgraphs and sparse ones are refused outside as well", () => {
  const tensor = writeInitializer({
    name: "w",
    type: "float32",
    shape: [1],
    external: { location: "../secret", offset: 0, length: 4 },
  });
  const call = (attribute: Uint8Array) => bytes(1, bytes(5, attribute));
  const graphs = {
    "a Constant": call(bytes(5, tensor)),
    "a list of constants": call(bytes(10, tensor)),
    "a sparse Constant": call(bytes(22, bytes(1, tensor))),
    "a list of sparse constants": call(bytes(23, bytes(2, tensor))),
    "a sparse constant of the graph": bytes(15, bytes(1, tensor)),
    "a branch": call(bytes(6, bytes(5, tensor))),
    "a Constant in a branch": call(bytes(11, call(bytes(5, tensor)))),
  };
  const version = writeOnnxModel(addModel).subarray(0, 2);
  for (const [where, graph] of Object.entries(graphs)) {
    const model = join([version, bytes(8, writeOpset("", 17)), bytes(7, graph)]);
    assertThrows(() => readOnnxModel(model), SyntaxError, "said to lie at", where);
  }
  const local = bytes(25, bytes(7, bytes(5, bytes(5, tensor))));
  const inFunction = join([writeOnnxModel(addModel), local]);
  assertThrows(() => readOnnxModel(inFunction), SyntaxError, "said to lie at");
});

Deno.test("numbers of a constant that contradict each other are refused with a sentence", () => {
  const model = (tensor: Uint8Array) => {
    const version = writeOnnxModel(addModel).subarray(0, 2);
    return join([version, bytes(8, writeOpset("", 17)), bytes(7, bytes(5, tensor))]);
  };
  const external = (values: Record<string, unknown>, shape = [2]) =>
    writeInitializer({
      name: "w",
      type: "float32",
      shape,
      external: { location: "w", ...values } as unknown as InitializerSpec["external"] & object,
    });
  const inline = (shape: number[], data: Float32Array) =>
    writeInitializer({ name: "w", type: "float32", shape, data });
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [external({ offset: -8, length: 8 }), 'the offset of "w" in its file is "-8"'],
    [external({ offset: NaN, length: 8 }), 'is "NaN"; expected a whole number'],
    [external({ offset: 0, length: "1e3" }), 'the length of "w" in its file is "1e3"'],
    [external({ offset: 0.5, length: 8 }), 'is "0.5"'],
    [external({ offset: " 4", length: 8 }), 'is " 4"'],
    [external({ offset: "9".repeat(16), length: 8 }), "expected a whole number"],
    [external({ offset: Number.MAX_SAFE_INTEGER, length: 8 }), "said to end at"],
    [external({ offset: 0, length: 12 }), '"w" is float32 [2] and has 12 bytes; expected 8'],
    [external({ offset: 0, length: 8 }, [-2]), "has shape [-2]"],
    [external({ offset: 0, length: 8 }, [2 ** 40, 2 ** 40]), "sizes that a file can hold"],
    [external({ offset: 0, length: 8 }, new Array(65).fill(1)), "has over 64 axes"],
    [inline([3], new Float32Array(2)), '"w" is float32 [3] and has 8 bytes; expected 12'],
    [join([inline([1], new Float32Array(1)), new Uint8Array([14 << 3, 1])]), "without a name"],
    [
      join([external({}), bytes(13, join([bytes(1, text("location")), bytes(2, text("v"))]))]),
      "twice",
    ],
  ];
  for (const [tensor, says] of cases) {
    assertThrows(() => readOnnxModel(model(tensor)), SyntaxError, says);
  }
  // What is left out is known from the shape.
  const [w] = readOnnxModel(model(external({}))).initializers;
  assertEquals([w!.offset, w!.length], [0, 8]);
});

Deno.test("readInitializer() does not allocate what a number says", async () => {
  await using file = await modelFile(addModel);
  const w = { name: "w", type: "float32", shape: [1], offset: 0, length: 4 };
  for (
    const [wrong, kind] of [
      [{ offset: -4 }, RangeError],
      [{ offset: NaN }, RangeError],
      [{ length: NaN, shape: [NaN] }, RangeError],
      [{ length: 8 }, RangeError],
      [{ shape: [-1], length: -4 }, SyntaxError],
      [{ shape: [2 ** 40], length: 2 ** 42 }, SyntaxError],
      [{ offset: 2 ** 50 }, SyntaxError],
    ] as const
  ) {
    const error = assertThrows(() => readInitializer(file.path, { ...w, ...wrong }), kind);
    assert(error.message.startsWith('Cannot read constant "w"'), error.message);
  }
});

Deno.test("graphs in graphs without end, and parts without number, are refused in time", () => {
  const version = writeOnnxModel(addModel).subarray(0, 2);
  let graph: Uint8Array = bytes(2, text("g"));
  for (let i = 0; i < 2000; i++) graph = bytes(1, bytes(5, bytes(6, graph)));
  const deep = join([version, bytes(8, writeOpset("", 17)), bytes(7, graph)]);
  assertThrows(() => readOnnxModel(deep), SyntaxError, "nested too deep");
  const start = performance.now();
  const calls = new Uint8Array(5_000_000).map((_, i) => i % 2 === 0 ? 0x0a : 0);
  const many = join([version, bytes(8, writeOpset("", 17)), bytes(7, calls)]);
  assertThrows(() => readOnnxModel(many), SyntaxError, "over 2000000 parts");
  const dims = bytes(7, bytes(5, bytes(1, new Uint8Array(1_000_000))));
  const axes = join([version, bytes(8, writeOpset("", 17)), dims]);
  assertThrows(() => readOnnxModel(axes), SyntaxError, "over 64 numbers");
  assert(performance.now() - start < 10_000);
});

Deno.test("openSession() refuses links that lead out of the model", async () => {
  const external = { location: "w", offset: 0, length: 4 };
  await using file = await modelFile({
    ...addModel,
    initializers: [{ name: "w", type: "float32", shape: [1], external }],
  });
  const secret = `${file.folder}/../secret`;
  await Deno.writeFile(secret, new Uint8Array(4));
  await Deno.symlink("../secret", `${file.folder}/w`);
  await assertRejects(() => openSession(file.path, cpu), Error, "outside the model");
  await Deno.remove(`${file.folder}/w`);
  await Deno.rename(file.path, `${file.folder}/../real.onnx`);
  await Deno.symlink("../real.onnx", file.path);
  await assertRejects(() => openSession(file.path, cpu), Error, "outside the model");
  assertEquals((await Deno.stat(secret)).nlink, 1);
});

Deno.test({
  name: "a pipe is no model, and no weights: nobody waits for it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const external = { location: "w", offset: 0, length: 4 };
    await using file = await modelFile({
      ...addModel,
      initializers: [{ name: "w", type: "float32", shape: [1], external }],
    });
    await new Deno.Command("mkfifo", { args: [`${file.folder}/w`] }).output();
    await assertRejects(() => openSession(file.path, cpu), Error, "it is a named pipe");
    const pipe = `${file.folder}/pipe.onnx`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    await assertRejects(() => openSession(pipe, cpu), Error, "it is a named pipe");
    assertThrows(() => readOnnxModel(pipe), Error, "it is a named pipe");
    assertThrows(() => readOnnxModel("/dev/zero"), Error, "it is a device");
  },
});

const text = (value: string) => new TextEncoder().encode(value);
