import { assert, assertEquals, assertRejects } from "@std/assert";
import { engineWorker } from "./_worker_client.ts";
import { addModel, castModel, modelFile, slowModel } from "../../testing/_testing.ts";
import { tensor } from "../../tensor.ts";
import { writeOnnxModel } from "../../onnx/_writer.ts";
import { nodeEngine } from "./engine.ts";
import { openSession } from "./open_session.ts";

const cpu = { device: "cpu", cacheDir: false } as const;
const floats = (...values: number[]) => tensor(new Float32Array(values), [values.length]);

Deno.test("openSession() tells what the graph reads and gives, and which device serves", async () => {
  await using file = await modelFile(addModel);
  await using session = await openSession(file.path, cpu);
  assertEquals(session.device, "cpu");
  assertEquals(session.inputs, [
    { name: "a", type: "float32", shape: ["n"] },
    { name: "b", type: "float32", shape: ["n"] },
  ]);
  assertEquals(session.outputNames, ["c"]);
});

Deno.test("run() computes, and leaves the feeds to their owner", async () => {
  await using file = await modelFile(addModel);
  await using session = await openSession(file.path, cpu);
  const a = floats(1, 2, 3);
  const running = session.run({ a, b: floats(10, 20, 30) });
  (a.data as Float32Array).fill(99); // it was copied before run() returned
  assertEquals([...(await running).c!.data], [11, 22, 33]);
  assertEquals(a.data.length, 3);
});

for (
  const [type, given, expected] of [
    ["float16", [1.5, 65504, 2 ** -24], [1.5, 65504, 2 ** -24]],
    ["float64", [0.5], [0.5]],
    ["int64", [7, -3, 998.9999999999], [7, -3, 999]], // float32 rounds it to 999 before the cast
    ["int32", [7.9, -3], [7, -3]],
    ["uint8", [200], [200]],
  ] as const
) {
  Deno.test(`run() casts float32 feeds to ${type} where the graph wants it`, async () => {
    await using file = await modelFile(castModel(type, "float32"));
    await using session = await openSession(file.path, cpu);
    const { y } = await session.run({ x: floats(...given) });
    assertEquals([...y!.data], [...expected]);
  });
}

Deno.test("run() casts token ids of any integer type", async () => {
  await using file = await modelFile(castModel("int64", "int32"));
  await using session = await openSession(file.path, cpu);
  for (const data of [new Int32Array([5]), new BigInt64Array([5n]), new Uint8Array([5])]) {
    assertEquals((await session.run({ x: { data, shape: [1] } })).y!.data, new Int32Array([5]));
  }
});

Deno.test("run() gives float16 outputs as float32", async () => {
  await using file = await modelFile(castModel("float32", "float16"));
  await using session = await openSession(file.path, cpu);
  const { y } = await session.run({ x: floats(1, 1e6) });
  assertEquals(y!.data, new Float32Array([1, Infinity]));
});

Deno.test("run() feeds scalars", async () => {
  await using file = await modelFile(castModel("int64", "float32", []));
  await using session = await openSession(file.path, cpu);
  const { y } = await session.run({ x: tensor(new Float32Array([981]), []) });
  assertEquals(y, { data: new Float32Array([981]), shape: [] });
});

Deno.test("run() names the input that is missing, unknown or of another shape", async () => {
  await using file = await modelFile({
    ...addModel,
    inputs: [addModel.inputs[0]!, { name: "b", type: "float32", shape: [3] }],
  });
  await using session = await openSession(file.path, cpu);
  const a = floats(1, 2, 3);
  const fails = (feeds: Parameters<typeof session.run>[0], kind: ErrorConstructor, text: string) =>
    assertRejects(() => session.run(feeds), kind, text);
  await fails({ a }, TypeError, 'input "b" is missing; expected a float32 [n], b float32 [3]');
  await fails({ a, b: a, z: a }, TypeError, 'input "z" is unknown');
  await fails({ a, b: tensor(new Float32Array(3), [1, 3]) }, TypeError, "expected 1 axes");
  await fails(
    { a, b: floats(1, 2) },
    RangeError,
    'input "b" has shape [2]; expected b float32 [3]',
  );
  await fails({ a, b: { data: new Float32Array(2), shape: [3] } }, RangeError, "has 2 elements");
  await assertRejects(() => session.run({ a, b: a }, { outputs: ["d"] }), TypeError, '"d"');
  assertEquals([...(await session.run({ a, b: a })).c!.data], [2, 4, 6]); // still alive
});

Deno.test("run() says which operator failed when sizes do not fit together", async () => {
  await using file = await modelFile(addModel);
  await using session = await openSession(file.path, cpu);
  await assertRejects(
    () => session.run({ a: floats(1, 2, 3), b: floats(1, 2) }),
    Error,
    "the operator Add",
  );
});

Deno.test("run() after closing says so; closing twice is fine", async () => {
  await using file = await modelFile(addModel);
  const session = await openSession(file.path, cpu);
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await assertRejects(() => session.run({}), Error, "the session is closed");
});

Deno.test("concurrent runs of several sessions each get their own result", async () => {
  await using file = await modelFile(addModel);
  await using one = await openSession(file.path, cpu);
  await using two = await openSession(file.path, cpu);
  const results = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const { c } = await (i % 2 ? one : two).run({ a: floats(i), b: floats(i * i) });
      return c!.data[0];
    }),
  );
  assertEquals(results, Array.from({ length: 100 }, (_, i) => i + i * i));
});

Deno.test("closing waits for the runs that were asked for", async () => {
  await using file = await modelFile(addModel);
  const session = await openSession(file.path, cpu);
  const run = session.run({ a: floats(1), b: floats(2) });
  await session[Symbol.asyncDispose]();
  assertEquals([...(await run).c!.data], [3]);
});

Deno.test("lowMemory changes the memory, not the numbers", async () => {
  await using file = await modelFile(slowModel(256, 3));
  await using plain = await openSession(file.path, cpu);
  await using low = await openSession(file.path, { ...cpu, lowMemory: true });
  const x = tensor(Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)), [1, 256]);
  assertEquals((await low.run({ x })).y, (await plain.run({ x })).y);
});

Deno.test("timers live while a graph runs", async () => {
  await using file = await modelFile(slowModel(512, 100));
  await using session = await openSession(file.path, cpu);
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  const start = performance.now();
  await session.run({ x: tensor(new Float32Array(512 * 512), [512, 512]) });
  const elapsed = performance.now() - start;
  clearInterval(timer);
  assert(elapsed > 50, `the run was too short to tell: ${elapsed} ms`);
  assert(ticks >= elapsed / 40, `${ticks} ticks in ${elapsed} ms`);
});

Deno.test("an abort ends the wait for a run at once, and runs behind it still work", async () => {
  await using file = await modelFile(slowModel(512, 200));
  await using session = await openSession(file.path, cpu);
  const x = tensor(new Float32Array(512 * 512).fill(1), [512, 512]);
  const abort = new AbortController();
  const reason = new Error("enough");
  const running = session.run({ x }, { signal: abort.signal });
  const waiting = session.run({ x }, { signal: abort.signal });
  setTimeout(() => abort.abort(reason), 10);
  const start = performance.now();
  assertEquals(await Promise.allSettled([running, waiting]), [
    { status: "rejected", reason },
    { status: "rejected", reason },
  ]);
  const waited = performance.now() - start;
  const { y } = await session.run({ x: tensor(new Float32Array(512).fill(2), [1, 512]) });
  const whole = performance.now() - start;
  assertEquals(y!.data[0], 2);
  assert(waited < whole / 2, `waited ${waited} of ${whole} ms`);
  await assertRejects(() => session.run({ x }, { signal: abort.signal }), Error, "enough");
});

Deno.test("an abort while opening rejects, and the late session is released", async () => {
  await using file = await modelFile(slowModel(1024, 2));
  const abort = new AbortController();
  const opening = openSession(file.path, { ...cpu, signal: abort.signal });
  abort.abort(new Error("no longer wanted"));
  await assertRejects(() => opening, Error, "no longer wanted");
  await using session = await openSession(file.path, cpu);
  assertEquals(session.inputNames, ["x"]);
});

Deno.test("openSession() refuses thread counts that make no sense, and clamps large ones", async () => {
  await using file = await modelFile(addModel);
  for (const threads of [0, -1, 1.5, NaN]) {
    await assertRejects(
      () => openSession(file.path, { ...cpu, threads }),
      RangeError,
      "threads is",
    );
  }
  await using session = await openSession(file.path, { ...cpu, threads: 1000 });
  assertEquals(session.device, "cpu");
});

Deno.test("fifty openings and closings do not grow the process", async () => {
  await using file = await modelFile(slowModel(512, 2)); // 1 MiB of weights
  await using first = await openSession(file.path, cpu); // keeps the thread: what leaks stays
  const cycle = async () => {
    await using session = await openSession(file.path, cpu);
    await session.run({ x: tensor(new Float32Array(512), [1, 512]) });
  };
  for (let i = 0; i < 10; i++) await cycle();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 50; i++) await cycle();
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assert(grown < 25, `grew by ${grown.toFixed(1)} MiB`); // 50 leaked models would be over 50 MiB
  assertEquals(first.inputNames, ["x"]);
});

Deno.test("a thousand runs do not grow the process", async () => {
  await using file = await modelFile(addModel);
  await using session = await openSession(file.path, cpu);
  const x = tensor(new Float32Array(65536), [65536]); // 256 KiB: 250 MiB if outputs were kept
  const run = () => session.run({ a: x, b: x });
  for (let i = 0; i < 200; i++) await run();
  const before = Deno.memoryUsage().rss;
  for (let i = 0; i < 1000; i++) await run();
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assert(grown < 80, `grew by ${grown.toFixed(1)} MiB`);
});

Deno.test("a session that the engine's thread does not know, as after its failure, is told so", async () => {
  await using file = await modelFile(addModel);
  await using session = await openSession(file.path, cpu);
  await assertRejects(
    () => engineWorker.request("run", { session: -1, feeds: [], outputs: [] }),
    Error,
    "failed since the session was opened; reopen it",
  );
  assertEquals([...(await session.run({ a: floats(1), b: floats(2) })).c!.data], [3]);
});

Deno.test("nodeEngine() opens a path, a file: address, and bytes", async () => {
  await using file = await modelFile(addModel);
  const engine = nodeEngine();
  const vector = { data: new Float32Array([1, 2]), shape: [2] };
  const bytes = await Deno.readFile(file.path);
  for (const source of [file.path, new URL(`file://${file.path}`), bytes]) {
    await using session = await engine.open(source, { device: "cpu" });
    const { c } = await session.run({ a: vector, b: vector });
    assertEquals([...c!.data], [2, 4]);
  }
});

Deno.test("nodeEngine() refuses addresses of servers, and bytes whose weights lie elsewhere", async () => {
  const engine = nodeEngine();
  await assertRejects(
    () => engine.open(new URL("https://example.com/model.onnx"), { device: "cpu" }),
    TypeError,
    'Cannot open "https://example.com/model.onnx": the engine onnxruntime-node takes files',
  );
  const apart = writeOnnxModel({
    ...addModel,
    initializers: [{
      name: "w",
      type: "float32",
      shape: [2],
      external: { location: "weights.bin", offset: 0, length: 8 },
    }],
  });
  await assertRejects(
    () => engine.open(apart, { device: "cpu" }),
    Error,
    'their weights lie in "weights.bin"',
  );
  await assertRejects(
    () => engine.open(new Uint8Array(3), { device: "cpu" }),
    SyntaxError,
    "bytes",
  );
});
