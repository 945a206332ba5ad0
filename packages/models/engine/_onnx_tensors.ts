import type { EncodedTensor } from "./_feeds.ts";
import type { TensorInfo } from "../session.ts";

// The tensors of ONNX Runtime, which are the same in Node and in a page; neither is imported here.

/** What is used of the engine's tensor. */
export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** What is used of what the engine says about an input or output. */
type OnnxValue =
  | { readonly name: string; readonly isTensor: false }
  | {
    readonly name: string;
    readonly isTensor: true;
    readonly type: string;
    readonly shape: readonly (number | string)[];
  };

/** The engine's class. */
type OnnxTensorClass<T extends OnnxTensor> = new (
  type: "float32",
  data: Float32Array,
  dims: readonly number[],
) => T;

/** An input or output of a graph, in our words. */
export function describeValue(value: OnnxValue): TensorInfo {
  if (!value.isTensor) return { name: value.name, type: "not a tensor", shape: [] };
  return { name: value.name, type: value.type, shape: [...value.shape] };
}

/** A feed as the engine takes it; shares its buffer. */
export function toOnnx<T extends OnnxTensor>(Tensor: OnnxTensorClass<T>, feed: EncodedTensor): T {
  const dims = [...feed.shape];
  if (feed.type !== "float16") {
    return new Tensor(feed.type as "float32", view(feed) as Float32Array, dims);
  }
  // onnxruntime#26791: its own float16 tensor has byte length 0 where Float16Array exists.
  const half = new Uint16Array(feed.buffer);
  const made = new Tensor(feed.type as "float32", half as unknown as Float32Array, dims);
  Object.defineProperty(made, "data", { value: half });
  return made;
}

function view({ type, buffer }: EncodedTensor): ArrayBufferView {
  switch (type) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

/** An output, as one of the types of `Tensor`. */
export function fromOnnx(name: string, tensor: OnnxTensor): EncodedTensor {
  const shape = [...tensor.dims];
  const data = tensor.data;
  if (data instanceof Float32Array) return own(name, "float32", shape, data);
  if (data instanceof BigInt64Array) return own(name, "int64", shape, data);
  if (data instanceof Int32Array) return own(name, "int32", shape, data);
  if (data instanceof Uint8Array) return own(name, "uint8", shape, data);
  if (tensor.type === "float16" || tensor.type === "float64") {
    return own(name, "float32", shape, new Float32Array(data as Float64Array));
  }
  if (tensor.type === "string" || tensor.type === "uint64") {
    throw new TypeError(`output "${name}" is of type ${tensor.type}; expected numbers`);
  }
  return own(name, "int32", shape, Int32Array.from(data as Int16Array));
}

function own(
  name: string,
  type: string,
  shape: number[],
  data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number },
): EncodedTensor {
  const { buffer, byteOffset, byteLength } = data;
  const whole = byteOffset === 0 && byteLength === buffer.byteLength;
  const bytes = whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  return { name, type, shape, buffer: bytes as ArrayBuffer };
}
