import {
  bytes,
  type InitializerSpec,
  join,
  type NodeSpec,
  writeInitializer,
  writeNode,
  writeOpset,
} from "./_writer.ts";
import { readNode } from "./_node.ts";
import { memorySource, ProtobufReader } from "./_protobuf.ts";
import type { OnnxNode } from "./_types.ts";

// A graph that can be rewritten: what is not replaced keeps its bytes.
// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

/** One operator call, with its numeric attributes. */
export interface Call extends OnnxNode {
  readonly attributes: ReadonlyMap<string, readonly number[]>;
}

/** What {@linkcode readGraph} finds. */
export interface Graph {
  /** In an order in which they can run. */
  readonly calls: readonly Call[];
  /** The values of the constants of at most `longestConstant` floats or integers. */
  readonly constants: ReadonlyMap<string, readonly number[]>;
  /** The number of axes of all constants. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly outputs: readonly string[];
  /** Operator domains and their versions; "" is the standard one. */
  readonly opsets: ReadonlyMap<string, number>;
}

const longestConstant = 8;

/**
 * Reads a model's graph.
 *
 * @returns undefined if it has branches, loops or functions: names inside those refer to the outside.
 */
export function readGraph(model: Uint8Array): Graph | undefined {
  const calls: Call[] = [];
  const constants = new Map<string, readonly number[]>();
  const ranks = new Map<string, number>();
  const outputs: string[] = [];
  const opsets = new Map<string, number>();
  for (const reader = whole(model); reader.next();) {
    if (reader.field === 25) return undefined;
    if (reader.field === 8) {
      let domain = "";
      let version = 0;
      for (const opset = reader.message(); opset.next();) {
        if (opset.field === 1) domain = opset.text();
        else if (opset.field === 2) version = opset.integer();
      }
      opsets.set(domain === "ai.onnx" ? "" : domain, version);
    }
    if (reader.field !== 7) continue;
    for (const graph = reader.message(); graph.next();) {
      if (graph.field === 1) {
        const call = readCall(graph.message());
        if (call === undefined) return undefined;
        calls.push(call);
      } else if (graph.field === 5) readConstant(graph.message(), model, constants, ranks);
      else if (graph.field === 12) {
        for (const value = graph.message(); value.next();) {
          if (value.field === 1) outputs.push(value.text());
        }
      }
    }
  }
  return { calls, constants, ranks, outputs, opsets };
}

/**
 * The model with some calls replaced by others, and without those whose results then nobody reads.
 *
 * @param graph What {@linkcode readGraph} gave for `model`.
 * @param domains Operator domains that the new calls need, with their versions.
 */
export function replaceCalls(
  model: Uint8Array,
  graph: Graph,
  replaced: ReadonlyMap<Call, readonly NodeSpec[]>,
  constants: readonly InitializerSpec[],
  domains: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const read = new Set(graph.outputs);
  const kept = new Set<Call>();
  for (const call of graph.calls.toReversed()) {
    if (!call.outputs.some((name) => read.has(name))) continue;
    kept.add(call);
    const inputs = replaced.get(call)?.flatMap((node) => node.inputs) ?? call.inputs;
    for (const name of inputs) read.add(name);
  }
  const parts: Uint8Array[] = [];
  const reader = whole(model);
  for (let start = 0; reader.next(); start = reader.end) {
    const source = model.subarray(start, reader.end);
    parts.push(reader.field === 7 ? bytes(7, rewritten(reader)) : source);
  }
  for (const [domain, version] of Object.entries(domains)) {
    if (!graph.opsets.has(domain)) parts.push(bytes(8, writeOpset(domain, version)));
  }
  return join(parts);

  function rewritten(reader: ProtobufReader): Uint8Array {
    const parts = constants.map((constant) => bytes(5, writeInitializer(constant)));
    const fields = reader.message();
    let [start] = reader.range();
    for (let i = 0; fields.next(); start = fields.end) {
      const call = fields.field === 1 ? graph.calls[i++]! : undefined;
      const nodes = call && replaced.get(call);
      if (nodes) parts.push(...nodes.map((node) => bytes(1, writeNode(node))));
      else if (!call || kept.has(call)) parts.push(model.subarray(start, fields.end));
    }
    return join(parts);
  }
}

function whole(model: Uint8Array): ProtobufReader {
  return new ProtobufReader(memorySource(model), 0, model.length);
}

function readCall(node: ProtobufReader): Call | undefined {
  const attributes = new Map<string, readonly number[]>();
  let branches = false;
  const read = readNode(node, (attribute) => {
    let name = "";
    const values: number[] = [];
    while (attribute.next()) {
      if (attribute.field === 1) name = attribute.text();
      else if (attribute.field === 2) values.push(attribute.float());
      else if (attribute.field === 3) values.push(attribute.integer());
      else if (attribute.field === 8) {
        for (const value of attribute.integers()) values.push(value);
      } else if (attribute.field === 6 || attribute.field === 11) branches = true;
    }
    attributes.set(name, values);
  });
  return branches ? undefined : { ...read, attributes };
}

function readConstant(
  tensor: ProtobufReader,
  model: Uint8Array,
  constants: Map<string, readonly number[]>,
  ranks: Map<string, number>,
): void {
  let name = "";
  let type = 0;
  const shape: number[] = [];
  let raw: Uint8Array<ArrayBuffer> | undefined;
  const integers: number[] = [];
  while (tensor.next()) {
    if (tensor.field === 1) { for (const size of tensor.integers()) shape.push(size); }
    else if (tensor.field === 2) type = tensor.integer();
    else if (tensor.field === 7) { for (const value of tensor.integers()) integers.push(value); }
    else if (tensor.field === 8) name = tensor.text();
    else if (tensor.field === 4 || tensor.field === 9) {
      const [start, length] = tensor.range();
      // Not slice(): that of Node's Buffer does not copy.
      if (length <= 8 * longestConstant) {
        raw = new Uint8Array(model.subarray(start, start + length));
      }
    }
  }
  const values = type === 7 && raw === undefined
    ? integers
    : type === 7 && raw!.length % 8 === 0
    ? [...new BigInt64Array(raw!.buffer)].map(Number)
    : type === 1 && raw !== undefined && raw.length % 4 === 0
    ? [...new Float32Array(raw.buffer)]
    : [];
  const size = shape.reduce((a, b) => a * b, 1);
  ranks.set(name, shape.length);
  // Else its values lie elsewhere, or are of another type.
  if (values.length === size && size <= longestConstant) constants.set(name, values);
}
