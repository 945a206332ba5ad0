import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ModelSpec, NodeSpec, ValueSpec } from "../onnx/_writer.ts";
import { addModel, modelFolder } from "../testing/_testing.ts";
import type { Condition } from "../condition.ts";
import { openDenoiser } from "./denoiser.ts";
import { splitVariance } from "./learned_variance.ts";
import { tensor } from "../tensor.ts";

const cpu = { device: "cpu", cacheDir: false } as const;

/** out = sample + 100·timestep + mean(encoder_hidden_states), each per row of the batch. */
function unet(
  { time = "float32", timeShape = [], batch = "batch", context = true }: {
    time?: string;
    timeShape?: readonly (number | string)[];
    batch?: number | string;
    context?: boolean;
  } = {},
): ModelSpec {
  const sample = [batch, 1, "h", "w"];
  const inputs: ValueSpec[] = [
    { name: "sample", type: "float32", shape: sample },
    { name: "timestep", type: time, shape: timeShape },
  ];
  const nodes: NodeSpec[] = [
    { op: "Cast", inputs: ["timestep"], outputs: ["t"], attributes: { to: 1 } },
    { op: "Reshape", inputs: ["t", "column"], outputs: ["t4"] },
    { op: "Mul", inputs: ["t4", "hundred"], outputs: ["t100"] },
    { op: "Add", inputs: ["sample", "t100"], outputs: [context ? "partial" : "out_sample"] },
  ];
  if (context) {
    inputs.push({ name: "encoder_hidden_states", type: "float32", shape: [batch, "s", 2] });
    const attributes = { axes: [1, 2] };
    nodes.push(
      { op: "ReduceMean", inputs: ["encoder_hidden_states"], outputs: ["m"], attributes },
      { op: "Reshape", inputs: ["m", "column"], outputs: ["m4"] },
      { op: "Add", inputs: ["partial", "m4"], outputs: ["out_sample"] },
    );
  }
  return {
    inputs,
    outputs: [{ name: "out_sample", type: "float32", shape: sample }],
    nodes,
    initializers: [
      { name: "column", type: "int64", shape: [4], data: new BigInt64Array([-1n, 1n, 1n, 1n]) },
      { name: "hundred", type: "float32", shape: [], data: new Float32Array([100]) },
    ],
  };
}

const config = { in_channels: 1, out_channels: 1 };
const folder = (model: ModelSpec, json: Record<string, unknown> = config) =>
  modelFolder({ unet: { model, files: { "config.json": json } } });

/** A context of `tokens` tokens whose mean is the value of its row. */
function context(tokens: number, ...values: number[]): Condition {
  const data = Float32Array.from(
    { length: values.length * tokens * 2 },
    (_, i) => values[Math.floor(i / (tokens * 2))]!,
  );
  return { inputs: { encoder_hidden_states: tensor(data, [values.length, tokens, 2]) } };
}

for (
  const [time, timeShape] of [
    ["float32", []],
    ["float32", [1]],
    ["float32", ["batch"]],
    ["int64", []],
    ["int64", ["batch"]],
    ["float16", ["steps"]],
  ] as const
) {
  Deno.test(`predict() tells the time to a graph that wants ${time} [${timeShape}]`, async () => {
    await using files = await folder(unet({ time, timeShape }));
    await using denoiser = await openDenoiser(files, cpu);
    const x = new Float32Array([1, 2]);
    const outputs = await denoiser.predict(x, [2, 1, 1, 1], 9, [context(3, 5), context(3, -5)]);
    assertEquals(outputs.map((output) => [...output]), [[906, 907], [896, 897]]);
  });
}

Deno.test("predict() gives one row or one per image to each condition", async () => {
  await using files = await folder(unet());
  await using denoiser = await openDenoiser(files, cpu);
  const x = new Float32Array([1, 2]);
  const outputs = await denoiser.predict(x, [2, 1, 1, 1], 0, [context(3, 10, 20), context(3, 30)]);
  assertEquals(outputs.map((output) => [...output]), [[11, 22], [31, 32]]);
});

Deno.test("predict() gives the same whether branches run together, apart, or differ in length", async () => {
  await using files = await folder(unet());
  await using together = await openDenoiser(files, { ...cpu, branches: "together" });
  await using apart = await openDenoiser(files, { ...cpu, branches: "apart" });
  const x = Float32Array.from({ length: 2 * 16 }, (_, i) => i);
  const conditions = [context(3, 0.5, 1), context(7, 2), context(3, 4)];
  const run = async (denoiser: typeof together) =>
    (await denoiser.predict(x, [2, 1, 4, 4], 3, conditions)).map((output) => [...output]);
  const expected = [[0.5, 1], [2, 2], [4, 4]].map((means) =>
    [...x].map((value, i) => value + 300 + means[Math.floor(i / 16)]!)
  );
  assertEquals(await run(together), expected);
  assertEquals(await run(apart), expected);
});

Deno.test("predict() serves a graph of fixed batch, and says when the rows do not fit", async () => {
  await using one = await folder(unet({ batch: 1 }));
  await using single = await openDenoiser(one, cpu);
  const x = new Float32Array([1, 2]);
  const conditions = [context(3, 10, 20), context(3, 30)];
  const outputs = await single.predict(x, [2, 1, 1, 1], 0, conditions);
  assertEquals(outputs.map((output) => [...output]), [[11, 22], [31, 32]]);
  await using three = await folder(unet({ batch: 3 }));
  await using triple = await openDenoiser(three, cpu);
  await assertRejects(
    () => triple.predict(x, [2, 1, 1, 1], 0, conditions),
    RangeError,
    "its batch is fixed at 3 and 4 rows were given",
  );
});

Deno.test("predict() appends the channels of an inpainting model", async () => {
  const model = unet({ context: false });
  const nine: ModelSpec = {
    ...model,
    inputs: [{ name: "sample", type: "float32", shape: ["batch", 3, "h", "w"] }, model.inputs[1]!],
    outputs: [{ name: "out_sample", type: "float32", shape: ["batch", 3, "h", "w"] }],
  };
  await using files = await folder(nine, { in_channels: 3, out_channels: 3 });
  await using denoiser = await openDenoiser(files, cpu);
  const concat = tensor(new Float32Array([7, 8]), [1, 2, 1, 1]);
  const [output] = await denoiser.predict(new Float32Array([1, 2]), [2, 1, 1, 1], 0, [
    { inputs: {}, concat },
  ]);
  assertEquals([...output!], [1, 7, 8, 2, 7, 8]);
});

Deno.test("predict() needs no context for an unconditional model", async () => {
  await using files = await folder(unet({ context: false }));
  await using denoiser = await openDenoiser(files, cpu);
  const [output] = await denoiser.predict(new Float32Array([1]), [1, 1, 1, 1], 1, [{ inputs: {} }]);
  assertEquals([...output!], [101]);
});

Deno.test("predict() may be called concurrently, with conditions of their own", async () => {
  await using files = await folder(unet());
  await using denoiser = await openDenoiser(files, cpu);
  const results = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const x = new Float32Array([i]);
      const running = denoiser.predict(x, [1, 1, 1, 1], i, [context(2, i), context(2, -i)]);
      x.fill(NaN); // the caller's buffer is free as soon as the call returns
      return (await running).map((output) => output[0]);
    }),
  );
  assertEquals(results, Array.from({ length: 20 }, (_, i) => [i * 102, i * 100]));
});

Deno.test("predict() remembers stacked conditions by identity, not by content", async () => {
  await using files = await folder(unet());
  await using denoiser = await openDenoiser(files, cpu);
  const x = new Float32Array([0]);
  for (let i = 0; i < 30; i++) {
    const [a, b] = await denoiser.predict(x, [1, 1, 1, 1], 0, [context(2, i), context(2, i + 1)]);
    assertEquals([a![0], b![0]], [i, i + 1]);
  }
});

Deno.test("predict() explains inputs that are missing, unknown or too many", async () => {
  await using files = await folder(unet());
  await using denoiser = await openDenoiser(files, cpu);
  const x = new Float32Array([1]);
  const predict = (conditions: readonly Condition[]) =>
    denoiser.predict(x, [1, 1, 1, 1], 0, conditions);
  await assertRejects(
    () => predict([{ inputs: {} }]),
    TypeError,
    'input "encoder_hidden_states" is missing',
  );
  const time_ids = tensor(new Float32Array(6), [1, 6]);
  await assertRejects(
    () => predict([{ inputs: { ...context(1, 0).inputs, time_ids } }]),
    TypeError,
    'input "time_ids" is unknown',
  );
  await assertRejects(
    () => predict([{ inputs: { encoder_hidden_states: tensor(new Float32Array(6), [1, 2, 3]) } }]),
    RangeError,
    "expected encoder_hidden_states float32 [batch, s, 2]",
  );
  await assertRejects(
    () => denoiser.predict(x, [1, 1, 2, 2], 0, [context(1, 0)]),
    RangeError,
    "x has 1 elements; expected 4",
  );
});

Deno.test("predict() stops at an output that is not finite", async () => {
  await using files = await folder(unet());
  await using denoiser = await openDenoiser(files, cpu);
  await assertRejects(
    () => denoiser.predict(new Float32Array([1, Infinity]), [2, 1, 1, 1], 0, [context(1, 0)]),
    RangeError,
    "gave Infinity at element 1 of 2",
  );
});

Deno.test("predict() obeys an abort signal", async () => {
  await using files = await folder(unet());
  await using denoiser = await openDenoiser(files, cpu);
  const signal = AbortSignal.abort(new Error("stop"));
  const x = new Float32Array([1]);
  await assertRejects(
    () => denoiser.predict(x, [1, 1, 1, 1], 0, [context(1, 0)], { signal }),
    Error,
    "stop",
  );
});

Deno.test("openDenoiser() refuses another component's file and a config of another model", async () => {
  await using other = await folder(addModel);
  await assertRejects(
    () => openDenoiser(other, cpu),
    TypeError,
    "it reads a, b; expected an input",
  );
  await using mixed = await folder(unet(), { in_channels: 4, out_channels: 1 });
  await assertRejects(() => openDenoiser(mixed, cpu), RangeError, "in_channels 4, its graph 1");
  for (const in_channels of ["four", 1e9, 0, 1.5]) {
    await using odd = await folder(unet(), { in_channels });
    await assertRejects(() => openDenoiser(odd, cpu), RangeError, "expected a whole number");
  }
});

Deno.test("openDenoiser() reads the channels from a graph that has no config", async () => {
  await using files = await modelFolder({ unet: { model: unet() } });
  await using denoiser = await openDenoiser(files, cpu);
  assertEquals(denoiser.config.in_channels, 1);
  assert(!denoiser.learnedVariance);
});

Deno.test("learnedVariance tells that the output has twice the channels", async () => {
  const model = unet({ context: false });
  await using files = await folder({
    ...model,
    outputs: [{ name: "both", type: "float32", shape: ["batch", 2, "h", "w"] }],
    nodes: [...model.nodes, {
      op: "Concat",
      inputs: ["out_sample", "out_sample"],
      outputs: ["both"],
      attributes: { axis: 1 },
    }],
  }, { in_channels: 1, out_channels: 2 });
  await using denoiser = await openDenoiser(files, cpu);
  assert(denoiser.learnedVariance);
  const x = new Float32Array([1, 2]);
  const [output] = await denoiser.predict(x, [2, 1, 1, 1], 0, [{ inputs: {} }]);
  const { mean, variance } = splitVariance(output!, [2, 1, 1, 1]);
  assertEquals([[...mean], [...variance]], [[1, 2], [1, 2]]);
  assertThrows(() => splitVariance(x, [2, 1, 1, 1]), RangeError, "2 elements; expected 4");
});

Deno.test("a float16 model is fed and read as float32; where it overflows, the error says so", async () => {
  const half = (name: string, shape: readonly (number | string)[]) => ({
    name,
    type: "float16",
    shape,
  });
  await using files = await folder({
    inputs: [
      half("sample", ["batch", 1, "h", "w"]),
      half("timestep", []),
      half("encoder_hidden_states", ["batch", "s", 2]),
    ],
    outputs: [half("out_sample", ["batch", 1, "h", "w"])],
    nodes: [
      {
        op: "ReduceMean",
        inputs: ["encoder_hidden_states"],
        outputs: ["m"],
        attributes: { keepdims: 0 },
      },
      { op: "Add", inputs: ["timestep", "m"], outputs: ["t"] },
      { op: "Add", inputs: ["sample", "t"], outputs: ["out_sample"] },
    ],
  });
  await using denoiser = await openDenoiser(files, cpu);
  const predict = (t: number) =>
    denoiser.predict(new Float32Array([0.5]), [1, 1, 1, 1], t, [context(2, 1)]);
  assertEquals([...(await predict(99))[0]!], [100.5]);
  await assertRejects(() => predict(65520), RangeError, "a float16 model may overflow");
});
