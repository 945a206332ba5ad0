import { assertEquals, assertLess } from "@std/assert";
import { fuseAttention } from "./_fuse_attention.ts";
import {
  bytes,
  type InitializerSpec,
  join,
  type ModelSpec,
  type NodeSpec,
  writeNode,
  writeOnnxModel,
} from "./_writer.ts";
import { modelFile } from "../testing/_testing.ts";
import { readOnnxModel } from "./model.ts";
import { openSession } from "../engine/node/open_session.ts";

const [batch, heads, d, dv] = [2, 3, 8, 4];
const ms = "com.microsoft";

function call(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: NonNullable<NodeSpec["attributes"]> = {},
  domain: string = "",
): NodeSpec {
  return { op, inputs, outputs: [output], attributes, domain };
}

function transpose(from: string, to: string, ...perm: number[]): NodeSpec {
  return call("Transpose", [from], to, { perm });
}

function integers(name: string, ...values: number[]): InitializerSpec {
  return { name, type: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

function float(name: string, value: number, shape: readonly number[] = []): InitializerSpec {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value);
  return { name, type: "float32", shape, data };
}

/** How scores are made from qt, [batch, heads, sequence, d], and k4, [batch, sequence, heads, d]. */
interface Style {
  readonly calls: readonly NodeSpec[];
  readonly constants?: readonly InitializerSpec[];
}

/** 1/√d taken from `shape`, and its root applied to both sides. */
function bothSides(...shape: NodeSpec[]): Style {
  return {
    calls: [
      ...shape,
      call("Slice", ["shape of q", "-1", "end"], "d"),
      call("Cast", ["d"], "d as float", { to: 1 }),
      call("Sqrt", ["d as float"], "root"),
      call("Div", ["1", "root"], "scale"),
      call("Sqrt", ["scale"], "half scale"),
      call("Mul", ["qt", "half scale"], "q scaled"),
      transpose("k4", "kt", 0, 2, 3, 1),
      call("Mul", ["half scale", "kt"], "k scaled"),
      call("MatMul", ["q scaled", "k scaled"], "scores"),
    ],
    constants: [float("1", 1, [1]), integers("-1", -1), integers("end", 9)],
  };
}

const styles: Readonly<Record<string, Style>> = {
  "both sides scaled": bothSides(call("Shape", ["qt"], "shape of q")),
  "both sides scaled, the transpose moved behind the shape": bothSides(
    call("Shape", ["q4"], "s"),
    call("Gather", ["s", "0213"], "shape of q"),
  ),
  "scores multiplied": {
    calls: [
      transpose("k4", "kt", 0, 2, 3, 1),
      call("MatMul", ["qt", "kt"], "products"),
      call("Mul", ["products", "0.3"], "scores"),
    ],
    constants: [float("0.3", 0.3)],
  },
  "scores divided, two transposes": {
    calls: [
      transpose("k4", "k by heads", 0, 2, 1, 3),
      transpose("k by heads", "kt", 0, 1, 3, 2),
      call("MatMul", ["qt", "kt"], "products"),
      call("Div", ["products", "root"], "scores"),
    ],
    constants: [float("root", Math.sqrt(d))],
  },
  "scaled by the product": {
    calls: [
      transpose("k4", "k by heads", 0, 2, 1, 3),
      call("FusedMatMul", ["qt", "k by heads"], "scores", { transB: 1, alpha: { float: 0.2 } }, ms),
    ],
  },
};

/** Attention of q, k and v, each [batch, sequence, heads·dimension]. */
function attentionModel({ calls, constants = [] }: Style, changed: Partial<ModelSpec> = {}) {
  const split = (name: string, dimension: string) => [
    call("Concat", ["batch", "-1 rest", "heads", dimension], `${name} split`, { axis: 0 }),
    call("Reshape", [name, `${name} split`], `${name}4`),
  ];
  const value = (name: string) => ({ name, type: "float32", shape: ["b", `s of ${name}`, "c"] });
  return {
    inputs: [value("q"), value("k"), value("v")],
    outputs: [value("y")],
    nodes: [
      call("Shape", ["q"], "shape"),
      call("Gather", ["shape", "0"], "b"),
      call("Unsqueeze", ["b", "axis 0"], "batch"),
      ...split("q", "dimension"),
      ...split("k", "dimension"),
      ...split("v", "dimension of v"),
      transpose("q4", "qt", 0, 2, 1, 3),
      ...calls,
      call("Softmax", ["scores"], "p", { axis: -1 }),
      transpose("v4", "vt", 0, 2, 1, 3),
      call("MatMul", ["p", "vt"], "mixed"),
      transpose("mixed", "y4", 0, 2, 1, 3),
      call("Reshape", ["y4", "together"], "y"),
    ],
    initializers: [
      { name: "0", type: "int64", shape: [], data: new BigInt64Array(1) },
      integers("axis 0", 0),
      integers("-1 rest", -1),
      integers("heads", heads),
      integers("dimension", d),
      integers("dimension of v", dv),
      integers("together", 0, 0, -1),
      integers("0213", 0, 2, 1, 3),
      ...constants,
    ],
    domains: { [ms]: 1 },
    ...changed,
  } satisfies ModelSpec;
}

async function run(model: Uint8Array, keys: number): Promise<Float32Array> {
  await using file = await modelFile(model);
  await using session = await openSession(file.path, { device: "cpu", cacheDir: false });
  const tensor = (sequence: number, width: number, step: number) => ({
    data: Float32Array.from({ length: batch * sequence * width }, (_, i) => 2 * Math.sin(step * i)),
    shape: [batch, sequence, width],
  });
  const feeds = {
    q: tensor(6, heads * d, 0.7),
    k: tensor(keys, heads * d, 1.3),
    v: tensor(keys, heads * dv, 2.9),
  };
  return (await session.run(feeds)).y!.data as Float32Array;
}

for (const [name, style] of Object.entries(styles)) {
  for (const keys of [6, 4]) {
    Deno.test(`fuseAttention() keeps the numbers: ${name}, ${keys} keys of 6 queries`, async () => {
      const plain = writeOnnxModel(attentionModel(style));
      const fused = fuseAttention(plain)!;
      const { operators } = readOnnxModel(fused);
      assertEquals(operators.get(`${ms}:MultiHeadAttention`), 1);
      // Nothing of what it replaces is left behind.
      for (const op of ["Softmax", "MatMul", "Transpose", "Sqrt", "Mul"]) {
        assertEquals(operators.get(op), undefined, op);
      }
      const [expected, actual] = [await run(plain, keys), await run(fused, keys)];
      const largest = Math.max(...expected.map(Math.abs));
      assertEquals(actual.length, batch * 6 * heads * dv);
      expected.forEach((value, i) => assertLess(Math.abs(actual[i]! - value), 1e-5 * largest));
    });
  }
}

/** The plain style, but with one call given another way. */
function changed(output: string, ...instead: NodeSpec[]): ModelSpec {
  const model = attentionModel(styles["scores multiplied"]!);
  const nodes = model.nodes.flatMap((node) => node.outputs[0] === output ? instead : [node]);
  return { ...model, nodes };
}

const others: Readonly<Record<string, ModelSpec>> = {
  "a mask": attentionModel({
    calls: [
      transpose("k4", "kt", 0, 2, 3, 1),
      call("MatMul", ["qt", "kt"], "products"),
      call("Add", ["products", "mask"], "scores"),
    ],
    constants: [float("mask", -1, [6])],
  }),
  "scores that are read elsewhere": {
    ...attentionModel(styles["scores multiplied"]!),
    outputs: ["y", "scores"].map((name) => ({ name, type: "float32", shape: [] })),
  },
  "a softmax over queries": changed("p", call("Softmax", ["scores"], "p", { axis: 2 })),
  "a softmax of before opset 13 without its axis": {
    ...changed("p", call("Softmax", ["scores"], "p")),
    opset: 12,
  },
  "a scale for each head": attentionModel({
    ...styles["scores multiplied"]!,
    constants: [float("0.3", 0.3, [heads, 1, 1])],
  }),
  "a negative scale": attentionModel({
    ...styles["scores multiplied"]!,
    constants: [float("0.3", -0.3)],
  }),
  "values that are scaled": changed(
    "vt",
    transpose("v4", "v by heads", 0, 2, 1, 3),
    call("Mul", ["v by heads", "0.3"], "vt"),
  ),
  "a scale by the length of the sequence": attentionModel(bothSides(
    call("Shape", ["qt"], "s"),
    call("Gather", ["s", "0132"], "shape of q"),
  )),
  "a scale by the dimension of values": attentionModel(bothSides(
    call("Shape", ["v4"], "shape of q"),
  )),
  "a batch of keys that may differ": changed(
    "k split",
    call("Shape", ["k"], "shape of k"),
    call("Gather", ["shape of k", "0"], "b of k"),
    call("Unsqueeze", ["b of k", "axis 0"], "batch of k"),
    call("Concat", ["batch of k", "-1 rest", "heads", "dimension"], "k split", { axis: 0 }),
  ),
  "a batch of keys that is only said to be kept": {
    ...attentionModel(styles["scores multiplied"]!),
    nodes: attentionModel(styles["scores multiplied"]!).nodes.map((node) =>
      node.op === "Concat" ? { ...node, inputs: ["axis 0", ...node.inputs.slice(1)] } : node
    ),
  },
  "an unknown number of heads": changed(
    "q split",
    call("Concat", ["batch", "heads", "-1 rest", "dimension"], "q split", { axis: 0 }),
  ),
  "keys that are not transposed": changed("kt", transpose("k4", "kt", 0, 2, 1, 3)),
  "no attention": attentionModel({ calls: [] }, { nodes: [call("Relu", ["q"], "y")] }),
};

for (const [name, model] of Object.entries(others)) {
  Deno.test(`fuseAttention() leaves alone ${name}`, () => {
    const constants = [...model.initializers!, integers("0132", 0, 1, 3, 2)];
    assertEquals(fuseAttention(writeOnnxModel({ ...model, initializers: constants })), undefined);
  });
}

Deno.test("fuseAttention() leaves a graph with a branch alone", () => {
  const model = writeOnnxModel(attentionModel(styles["scores multiplied"]!));
  const branch = bytes(5, bytes(6, new Uint8Array()));
  const node = join([writeNode(call("If", ["condition"], "z")), branch]);
  assertEquals(fuseAttention(join([model, bytes(7, bytes(1, node))])), undefined);
  assertEquals(fuseAttention(model) === undefined, false);
});
