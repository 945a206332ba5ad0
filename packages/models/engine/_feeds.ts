import type { TensorInfo } from "../session.ts";
import { elementCount, type Tensor, type TensorData } from "../tensor.ts";

/** A tensor as it crosses to the worker: transferred, never copied. */
export interface EncodedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly buffer: ArrayBuffer;
}

const widths: Readonly<Record<string, number>> = {
  float32: 4,
  float16: 2,
  float64: 8,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
};

/** Buffers that came back from the worker, to be filled again. */
export class BufferPool {
  readonly #free = new Map<number, ArrayBuffer[]>();

  take(byteLength: number): ArrayBuffer {
    return this.#free.get(byteLength)?.pop() ?? new ArrayBuffer(byteLength);
  }

  give(buffer: ArrayBuffer): void {
    const list = this.#free.get(buffer.byteLength) ?? [];
    // Two per size cover a run and its successor; a queue of many runs must not keep them all.
    if (list.length < 2) list.push(buffer);
    // Another size means another resolution: the sizes of old ones are let go.
    if (this.#free.size > 16) this.#free.clear();
    this.#free.set(buffer.byteLength, list);
  }
}

/**
 * Checks feeds against what the graph declares and casts each into a buffer of its own.
 *
 * @throws {TypeError} if a name is missing or unknown, a rank differs, or the type is unsupported.
 * @throws {RangeError} if a size differs.
 */
export function encodeFeeds(
  path: string,
  inputs: readonly TensorInfo[],
  feeds: Readonly<Record<string, Tensor>>,
  pool: BufferPool,
): EncodedTensor[] {
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((input) => input.name === name)) {
      throw new TypeError(
        `Cannot run "${path}": input "${name}" is unknown; expected ${describeInputs(inputs)}`,
      );
    }
  }
  for (const input of inputs) check(path, input, inputs, feeds[input.name]);
  return inputs.map(({ name, type }) => {
    const { data, shape } = feeds[name]!;
    const buffer = pool.take(data.length * widths[type]!);
    cast(data, type, buffer);
    return { name, type, shape: [...shape], buffer };
  });
}

/** What a graph reads, in words: `sample float32 [batch, 4, height, width], …`. */
export function describeInputs(inputs: readonly TensorInfo[]): string {
  return inputs.map(describe).join(", ");
}

function describe({ name, type, shape }: TensorInfo): string {
  return `${name} ${type} [${shape.join(", ")}]`;
}

function check(
  path: string,
  input: TensorInfo,
  inputs: readonly TensorInfo[],
  feed: Tensor | undefined,
): void {
  const { name, type, shape } = input;
  if (feed === undefined) {
    throw new TypeError(
      `Cannot run "${path}": input "${name}" is missing; expected ${describeInputs(inputs)}`,
    );
  }
  if (widths[type] === undefined) {
    throw new TypeError(
      `Cannot run "${path}": input "${name}" has type ${type}; expected one of ${
        Object.keys(widths).join(", ")
      }`,
    );
  }
  const given = `shape [${feed.shape.join(", ")}]`;
  if (feed.shape.length !== shape.length) {
    throw new TypeError(
      `Cannot run "${path}": input "${name}" has ${given}; expected ${shape.length} axes: ${
        describe(input)
      }`,
    );
  }
  for (const [axis, size] of shape.entries()) {
    if (typeof size === "number" && size >= 0 && size !== feed.shape[axis]) {
      throw new RangeError(
        `Cannot run "${path}": input "${name}" has ${given}; expected ${describe(input)}`,
      );
    }
  }
  if (feed.data.length !== elementCount(feed.shape)) {
    throw new RangeError(
      `Cannot run "${path}": input "${name}" has ${feed.data.length} elements; expected ${
        elementCount(feed.shape)
      } for ${given}`,
    );
  }
}

function cast(data: TensorData, type: string, buffer: ArrayBuffer): void {
  switch (type) {
    case "float32":
      return fill(new Float32Array(buffer), data);
    case "float16":
      return fill(new Float16Array(buffer), data);
    case "float64":
      return fill(new Float64Array(buffer), data);
    case "int32":
      return fill(new Int32Array(buffer), data);
    case "int64":
      return fillBig(new BigInt64Array(buffer), data);
    default:
      return fill(new Uint8Array(buffer), data);
  }
}

function fill(
  out: Float32Array | Float16Array | Float64Array | Int32Array | Uint8Array,
  data: TensorData,
): void {
  if (!(data instanceof BigInt64Array)) out.set(data);
  else for (let i = 0; i < data.length; i++) out[i] = Number(data[i]);
}

function fillBig(out: BigInt64Array, data: TensorData): void {
  if (data instanceof BigInt64Array) out.set(data);
  // Truncated as torch does when it casts; timesteps are whole in float32, if not in float64.
  else for (let i = 0; i < data.length; i++) out[i] = BigInt(Math.trunc(data[i]!));
}

/** A tensor from the worker, as its reader sees it. */
export function decodeTensor({ type, shape, buffer }: EncodedTensor): Tensor {
  switch (type) {
    case "float32":
      return { data: new Float32Array(buffer), shape };
    case "int64":
      return { data: new BigInt64Array(buffer), shape };
    case "int32":
      return { data: new Int32Array(buffer), shape };
    default:
      return { data: new Uint8Array(buffer), shape };
  }
}
