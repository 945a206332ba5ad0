/**
 * Writes ONNX models: the one that probes a device, those of the tests, and parts of rewritten ones.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */

/** TensorProto.DataType. */
export const elementTypes: Readonly<Record<string, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e5m2: 19,
};

/** One input or output of a graph to write. */
export interface ValueSpec {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** One operator call of a graph to write. */
export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly name?: string;
  /** Integers, lists of integers, strings; `{ float }` for a float, `{ graph }` for a loop's body. */
  readonly attributes?: Readonly<
    Record<
      string,
      number | readonly number[] | string | { readonly float: number } | {
        readonly graph: GraphSpec;
      }
    >
  >;
}

/** One constant of a graph to write. */
export interface InitializerSpec {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly data?: ArrayBufferView;
  /** Instead of `data`: where it lies beside the model. */
  readonly external?: {
    readonly location: string;
    readonly offset: number;
    readonly length: number;
  };
}

/** A graph to write. */
export interface GraphSpec {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly initializers?: readonly InitializerSpec[];
}

/** A whole model to write. */
export interface ModelSpec extends GraphSpec {
  /** Version of the standard operators; 17 by default. */
  readonly opset?: number;
  /** Further operator domains, with their versions. */
  readonly domains?: Readonly<Record<string, number>>;
}

/** Serialises a model. */
export function writeOnnxModel(model: ModelSpec): Uint8Array<ArrayBuffer> {
  const opsets = Object.entries({ "": model.opset ?? 17, ...model.domains });
  return join([
    integer(1, 8), // ir_version
    text(2, "shum"),
    bytes(7, writeGraph(model)),
    ...opsets.map(([domain, version]) => bytes(8, writeOpset(domain, version))),
  ]);
}

function writeGraph(graph: GraphSpec): Uint8Array {
  return join([
    ...graph.nodes.map((node) => bytes(1, writeNode(node))),
    text(2, "graph"),
    ...(graph.initializers ?? []).map((value) => bytes(5, writeInitializer(value))),
    ...graph.inputs.map((value) => bytes(11, writeValue(value))),
    ...graph.outputs.map((value) => bytes(12, writeValue(value))),
  ]);
}

/** Serialises an operator domain with its version, the payload of ModelProto's field 8. */
export function writeOpset(domain: string, version: number): Uint8Array {
  return join([text(1, domain), integer(2, version)]);
}

/** Serialises an operator call, the payload of GraphProto's field 1. */
export function writeNode(node: NodeSpec): Uint8Array {
  return join([
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(3, node.name ?? ""),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => {
      const body = typeof value === "number"
        ? [integer(3, value), integer(20, 2)]
        : typeof value === "string"
        ? [text(4, value), integer(20, 3)]
        : "float" in value
        ? [float(2, value.float), integer(20, 1)]
        : "graph" in value
        ? [bytes(6, writeGraph(value.graph)), integer(20, 5)]
        : [...value.map((item) => integer(8, item)), integer(20, 7)];
      return bytes(5, join([text(1, name), ...body]));
    }),
    text(7, node.domain ?? ""),
  ]);
}

/** Serialises a constant, the payload of GraphProto's field 5. */
export function writeInitializer(value: InitializerSpec): Uint8Array {
  const body = [
    ...value.shape.map((size) => integer(1, size)),
    integer(2, elementTypes[value.type]!),
    text(8, value.name),
  ];
  if (value.external) {
    for (const [key, entry] of Object.entries(value.external)) {
      body.push(bytes(13, join([text(1, key), text(2, String(entry))])));
    }
    body.push(integer(14, 1)); // data_location = EXTERNAL
  } else {
    const { buffer, byteOffset, byteLength } = value.data!;
    body.push(bytes(9, new Uint8Array(buffer, byteOffset, byteLength)));
  }
  return join(body);
}

function writeValue(value: ValueSpec): Uint8Array {
  const dims = value.shape.map((size) =>
    bytes(1, typeof size === "number" ? integer(1, size) : text(2, size))
  );
  const type = join([integer(1, elementTypes[value.type]!), bytes(2, join(dims))]);
  return join([text(1, value.name), bytes(2, bytes(1, type))]);
}

function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return out;
}

function integer(field: number, value: number): Uint8Array {
  return new Uint8Array([...varint(field << 3), ...varint(value)]);
}

function float(field: number, value: number): Uint8Array {
  const payload = new Uint8Array(new Float32Array([value]).buffer);
  return new Uint8Array([...varint((field << 3) | 5), ...payload]);
}

function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}

/** A field of bytes: its tag, its length and `payload`. */
export function bytes(field: number, payload: Uint8Array): Uint8Array {
  return join([
    new Uint8Array([...varint((field << 3) | 2), ...varint(payload.length)]),
    payload,
  ]);
}

/** One after the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
