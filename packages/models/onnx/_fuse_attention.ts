import type { InitializerSpec, NodeSpec } from "./_writer.ts";
import { type Call, type Graph, readGraph, replaceCalls } from "./_graph.ts";

// Attention, softmax(QKᵀ/√d)V (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, eq. 1), as
// exporters write it keeps the scores of all queries with all keys: a gigabyte for two images at
// 64×64 latents. The engine's own operator holds a block of them at a time (Dao et al. 2022,
// https://arxiv.org/abs/2205.14135).

/** Q, K or V, followed back through what transposes and scales it. */
interface Peeled {
  /** The tensor in which it is [batch, sequence, heads, dimension]. */
  readonly source: string;
  /** The source's axis that each axis comes from. */
  readonly axes: readonly number[];
  readonly scale: Scale;
}

/** factor · d^power, d the dimension of a head. */
interface Scale {
  readonly factor: number;
  readonly power: number;
  /** The tensors from whose shape d was read. */
  readonly of: readonly string[];
}

interface Attention {
  /** The call that gives [batch, sequence, heads, dimension] again. */
  readonly last: Call;
  /** The sources of Q, K and V. */
  readonly sources: readonly string[];
  readonly heads: number;
  /** undefined for 1/√d. */
  readonly scale: number | undefined;
}

/** A graph with what its matching looks up. */
interface Lookup extends Graph {
  readonly makers: ReadonlyMap<string, Call>;
  readonly readers: ReadonlyMap<string, readonly Call[]>;
  readonly scales: Map<string, Scale | undefined>;
}

const one: Scale = { factor: 1, power: 0, of: [] };

/**
 * Replaces attention without a mask by com.microsoft's MultiHeadAttention. Attention that is not
 * known for sure to give the same stays as it is.
 *
 * @param model A serialised ONNX model whose constants are folded.
 * @returns undefined if nothing was replaced.
 */
export function fuseAttention(model: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const graph = readGraph(model);
  if (graph === undefined) return undefined;
  const lookup = index(graph);
  const replaced = new Map<Call, readonly NodeSpec[]>();
  const shapes = new Map<string, readonly number[]>();
  for (const call of graph.calls) {
    const found = call.op === "Softmax" ? attention(lookup, call) : undefined;
    if (found === undefined) continue;
    const { last, sources, heads, scale } = found;
    const name = `shum/${last.outputs[0]}`;
    shapes.set("shum/together", [0, 0, -1]);
    shapes.set(`shum/${heads} heads`, [0, 0, heads, -1]);
    // The operator wants the heads side by side: the same bytes under another shape.
    const together = sources.map((source, i): NodeSpec => ({
      op: "Reshape",
      inputs: [source, "shum/together"],
      outputs: [`${name}/${i}`],
    }));
    replaced.set(last, [...together, {
      op: "MultiHeadAttention",
      domain: "com.microsoft",
      inputs: together.flatMap(({ outputs }) => outputs),
      outputs: [name],
      attributes: { num_heads: heads, ...(scale === undefined ? {} : { scale: { float: scale } }) },
    }, {
      op: "Reshape",
      inputs: [name, `shum/${heads} heads`],
      outputs: last.outputs,
    }]);
  }
  if (replaced.size === 0) return undefined;
  const constants = [...shapes].map(([name, shape]): InitializerSpec => ({
    name,
    type: "int64",
    shape: [shape.length],
    data: BigInt64Array.from(shape, BigInt),
  }));
  return replaceCalls(model, graph, replaced, constants, { "com.microsoft": 1 });
}

function index(graph: Graph): Lookup {
  const makers = new Map<string, Call>();
  const readers = new Map<string, Call[]>();
  for (const call of graph.calls) {
    for (const name of call.outputs) makers.set(name, call);
    for (const name of call.inputs) {
      const before = readers.get(name);
      if (before) before.push(call);
      else readers.set(name, [call]);
    }
  }
  return { ...graph, makers, readers, scales: new Map() };
}

/** The attention around a softmax. */
function attention(graph: Lookup, softmax: Call): Attention | undefined {
  const axis = softmax.attributes.get("axis")?.[0] ?? (graph.opsets.get("")! < 13 ? 1 : -1);
  const scores = scoresOf(graph, softmax);
  const mix = onlyReader(graph, softmax);
  const last = mix && onlyReader(graph, mix);
  const first = scores && product(scores.call);
  const second = mix && product(mix);
  if (!last || !first || !second || (axis !== -1 && axis !== 3)) return undefined;
  if (last.op !== "Transpose" || !equal(last.attributes.get("perm"), [0, 2, 1, 3])) {
    return undefined;
  }
  if (second.left !== softmax.outputs[0] || second.leftTransposed || second.alpha !== 1) {
    return undefined;
  }
  const q = peel(graph, first.left, first.leftTransposed);
  const k = peel(graph, first.right, !first.rightTransposed);
  const v = peel(graph, second.right, second.rightTransposed);
  if (![q, k, v].every(({ axes }) => equal(axes, [0, 2, 1, 3]))) return undefined;

  const [split, ...others] = [q, k, v].map(({ source }) => splitOf(graph, source));
  if (!split || !others.every((other) => other && equal(other, split))) return undefined;

  const total = multiply(multiply(scores.scale, q.scale), k.scale);
  const factor = total.factor * first.alpha;
  const plain = v.scale.factor === 1 && v.scale.power === 0;
  // Q and K agree in d, or their product would not exist.
  if (!plain || !total.of.every((name) => name === q.source || name === k.source)) return undefined;
  const usual = total.power === -0.5 && Math.abs(factor - 1) < 1e-6;
  if (!usual && (total.power !== 0 || !(factor > 0 && factor < Infinity))) return undefined;
  return {
    last,
    sources: [q.source, k.source, v.source],
    heads: split[0] as number,
    scale: usual ? undefined : factor,
  };
}

/** The call that reads what another gives, if that is the only use of it. */
function onlyReader(graph: Lookup, { outputs: [name] }: Call): Call | undefined {
  const readers = graph.readers.get(name!);
  return readers?.length === 1 && !graph.outputs.includes(name!) ? readers[0] : undefined;
}

/** QKᵀ, and by what it is multiplied before the softmax. */
function scoresOf(graph: Lookup, softmax: Call): { call: Call; scale: Scale } | undefined {
  let scale = one;
  let name = softmax.inputs[0]!;
  for (;;) {
    const call = graph.makers.get(name);
    if (call === undefined || onlyReader(graph, call) === undefined) return undefined;
    const step = scaling(graph, call);
    if (step === undefined) return { call, scale };
    scale = multiply(scale, step.scale);
    name = step.of;
  }
}

function product({ op, inputs: [left, right], attributes }: Call) {
  const flag = (name: string) => attributes.get(name)?.[0] === 1;
  if (op === "MatMul") {
    return { left: left!, right: right!, leftTransposed: false, rightTransposed: false, alpha: 1 };
  }
  if (op !== "com.microsoft:FusedMatMul" || flag("transBatchA") || flag("transBatchB")) {
    return undefined;
  }
  const alpha = attributes.get("alpha")?.[0] ?? 1;
  const [leftTransposed, rightTransposed] = [flag("transA"), flag("transB")];
  return { left: left!, right: right!, leftTransposed, rightTransposed, alpha };
}

function peel(graph: Lookup, name: string, transposed: boolean): Peeled {
  let axes = transposed ? [0, 1, 3, 2] : [0, 1, 2, 3];
  let scale = one;
  for (;;) {
    const call = graph.makers.get(name);
    const perm = call?.op === "Transpose" ? call.attributes.get("perm") : undefined;
    const step = call && scaling(graph, call);
    if (perm) {
      axes = axes.map((axis) => perm[axis]!);
      name = call!.inputs[0]!;
    } else if (step) {
      scale = multiply(scale, step.scale);
      name = step.of;
    } else return { source: name, axes, scale };
  }
}

/** The number of heads and the size of the batch that a Reshape splits its input into. */
function splitOf(graph: Lookup, source: string): (string | number)[] | undefined {
  const reshape = graph.makers.get(source);
  if (reshape?.op !== "Reshape") return undefined;
  const shape = reshape.inputs[1]!;
  const whole = graph.constants.get(shape);
  const concat = graph.makers.get(shape);
  const items: readonly (string | number | undefined)[] = whole ??
    (concat?.op !== "Concat" ? [] : concat.inputs.map((name) => {
      const constant = graph.constants.get(name);
      if (constant) return constant.length === 1 ? constant[0] : undefined;
      return graph.makers.get(name)?.op === "Unsqueeze" ? name : undefined; // one number
    }));
  const [first, , heads] = items;
  const batch = first === 0 ? sameBatch(graph, reshape.inputs[0]!) : first;
  if (items.length !== 4 || items.includes(undefined) || batch === -1) return undefined;
  return typeof heads === "number" && heads > 0 ? [heads, batch!] : undefined;
}

/** From which tensor a projection, x·W + b, has its first axis. */
function sameBatch(graph: Lookup, name: string): string {
  for (;;) {
    const call = graph.makers.get(name);
    const rank = call?.op === "MatMul" ? 2 : call?.op === "Add" ? 1 : undefined;
    const [a, b] = call?.inputs ?? [];
    if (rank === undefined) return name;
    if (graph.ranks.get(b!) === rank) name = a!;
    else if (rank === 1 && graph.ranks.get(a!) === 1) name = b!;
    else return name;
  }
}

/** Of a call that multiplies by one number: that number, and what is multiplied. */
function scaling(graph: Lookup, { op, inputs: [a, b] }: Call) {
  if (op !== "Mul" && op !== "Div") return undefined;
  const right = scaleOf(graph, b!);
  if (right) return { of: a!, scale: op === "Mul" ? right : power(right, -1) };
  const left = op === "Mul" ? scaleOf(graph, a!) : undefined;
  return left && { of: b!, scale: left };
}

/** The value of a tensor of one element, if it depends on nothing but d. */
function scaleOf(graph: Lookup, name: string): Scale | undefined {
  if (!graph.scales.has(name)) graph.scales.set(name, computeScale(graph, name));
  return graph.scales.get(name);
}

function computeScale(graph: Lookup, name: string): Scale | undefined {
  const constant = graph.constants.get(name);
  if (constant) return constant.length === 1 ? { ...one, factor: constant[0]! } : undefined;
  const call = graph.makers.get(name);
  if (call === undefined) return undefined;
  const sizes = sizesOf(graph, name);
  if (sizes) {
    // The last axis of [batch, sequence, heads, dimension].
    return equal(sizes.axes, [3]) ? { factor: 1, power: 1, of: [sizes.source] } : undefined;
  }
  const [a, b] = call.inputs.map((input) => scaleOf(graph, input));
  if (!a) return undefined;
  if (call.op === "Sqrt") return power(a, 0.5);
  if (call.op === "Cast") return call.attributes.get("to")?.[0] === 1 ? a : undefined; // float32
  if (!b) return undefined;
  if (call.op === "Mul") return multiply(a, b);
  return call.op === "Div" ? multiply(a, power(b, -1)) : undefined;
}

/** A shape or a part of one: the axes of `source` whose sizes it lists. */
function sizesOf(graph: Lookup, name: string): { source: string; axes: number[] } | undefined {
  const call = graph.makers.get(name);
  if (call?.op === "Shape") {
    if (call.attributes.has("end") || (call.attributes.get("start")?.[0] ?? 0) !== 0) {
      return undefined;
    }
    const { source, axes } = peel(graph, call.inputs[0]!, false);
    return { source, axes: [...axes] };
  }
  if (call?.op !== "Gather" && call?.op !== "Slice") return undefined;
  const sizes = sizesOf(graph, call.inputs[0]!);
  const [first, end, ...rest] = call.inputs.slice(1).map((input) => graph.constants.get(input));
  if (!sizes || !first || rest.length > 0) return undefined;
  const axes = call.op === "Gather"
    ? first.map((i) => sizes.axes.at(i)!)
    : sizes.axes.slice(first[0], end?.[0]);
  return { source: sizes.source, axes };
}

function multiply(a: Scale, b: Scale): Scale {
  return { factor: a.factor * b.factor, power: a.power + b.power, of: [...a.of, ...b.of] };
}

function power(a: Scale, exponent: number): Scale {
  return { factor: a.factor ** exponent, power: a.power * exponent, of: a.of };
}

function equal<T>(a: readonly T[] | undefined, b: readonly T[]): boolean {
  return a?.length === b.length && a.every((value, i) => value === b[i]);
}
