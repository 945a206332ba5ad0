/**
 * The Open Inference Protocol, version 2, with its binary tensors: a JSON header, then the tensors'
 * bytes, little-endian and row by row, in the order of the header.
 *
 * @module
 */

import type { EncodedTensor } from "../_feeds.ts";
import type { TensorInfo } from "../../session.ts";

/** How many bytes of the body are the JSON header. */
export const HEADER_LENGTH = "Inference-Header-Content-Length";

/** The protocol's names of element types. */
const DATATYPES: Readonly<Record<string, string>> = {
  BOOL: "bool",
  UINT8: "uint8",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
};
const BY_TYPE = Object.fromEntries(Object.entries(DATATYPES).map(([name, type]) => [type, name]));
const WIDTHS: Readonly<Record<string, number>> = {
  bool: 1,
  uint8: 1,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

/** What a server says of a model. */
export interface Metadata {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function tensorInfo(value: unknown): TensorInfo {
  if (!isRecord(value)) throw new SyntaxError("a tensor of it is no object");
  const { name, datatype, shape } = value;
  const type = DATATYPES[String(datatype)];
  if (typeof name !== "string" || type === undefined) {
    throw new SyntaxError(
      `a tensor of it is ${JSON.stringify(name)} of type ${
        JSON.stringify(datatype)
      }; expected one of ${Object.keys(DATATYPES).join(", ")}`,
    );
  }
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(Number.isInteger)) {
    throw new SyntaxError(`the shape of ${JSON.stringify(name)} is no list of whole numbers`);
  }
  // Whatever may vary is -1 there, and has a name here.
  return { name, type, shape: shape.map((size, axis) => size < 0 ? `axis_${axis}` : size) };
}

/**
 * Reads `GET v2/models/{name}`.
 *
 * @throws {SyntaxError} if it is no metadata.
 */
export function readMetadata(value: unknown): Metadata {
  const list = (key: "inputs" | "outputs") => {
    const tensors = isRecord(value) ? value[key] ?? [] : undefined;
    if (!Array.isArray(tensors)) throw new SyntaxError(`its ${key} are no list`);
    return tensors.map(tensorInfo);
  };
  return { inputs: list("inputs"), outputs: list("outputs") };
}

/** The body and headers of `POST v2/models/{name}/infer`. */
export function encodeRequest(
  inputs: readonly EncodedTensor[],
  outputs: readonly string[],
): { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  const header = new TextEncoder().encode(JSON.stringify({
    inputs: inputs.map(({ name, type, shape, buffer }) => ({
      name,
      shape,
      datatype: BY_TYPE[type],
      parameters: { binary_data_size: buffer.byteLength },
    })),
    outputs: outputs.map((name) => ({ name, parameters: { binary_data: true } })),
    parameters: { binary_data_output: true },
  }));
  const size = inputs.reduce((sum, { buffer }) => sum + buffer.byteLength, header.length);
  const body = new Uint8Array(size);
  body.set(header);
  let at = header.length;
  for (const { buffer } of inputs) {
    body.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  return {
    body,
    headers: {
      "Content-Type": "application/octet-stream",
      "Accept-Encoding": "identity",
      [HEADER_LENGTH]: `${header.length}`,
    },
  };
}

/** A tensor of a body, and the bytes or numbers that it has. */
export interface ReadTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the tensors of a body, of an answer or a request: binary, or as JSON numbers where a server
 * has no binary tensors. Sizes are checked against each other before they are believed.
 *
 * @param body The whole body.
 * @param headerLength The header of that name; without it all of the body is JSON.
 * @param key `inputs` of a request, `outputs` of an answer.
 * @throws {SyntaxError} if the parts do not fit together.
 */
export function readTensors(
  body: Uint8Array<ArrayBuffer>,
  headerLength: string | null,
  key: "inputs" | "outputs",
): readonly ReadTensor[] {
  const length = headerLength === null ? body.length : Number(headerLength);
  if (!Number.isInteger(length) || length < 0 || length > body.length) {
    throw new SyntaxError(
      `${HEADER_LENGTH} is ${headerLength}; expected at most the ${body.length} bytes of the body`,
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(body.subarray(0, length)));
  } catch {
    throw new SyntaxError("its header is not JSON");
  }
  const list = isRecord(header) ? header[key] : undefined;
  if (!Array.isArray(list)) throw new SyntaxError(`it has no ${key}`);
  let at = length;
  return list.map((value): ReadTensor => {
    const { name, type, shape } = tensorInfo(value);
    const sizes = shape as readonly number[];
    const count = sizes.reduce((product, size) => product * size, 1);
    const size = count * WIDTHS[type]!;
    if (!Number.isSafeInteger(size)) throw new SyntaxError(`the shape of "${name}" is too large`);
    const { parameters, data } = value as Record<string, unknown>;
    const binary = isRecord(parameters) ? parameters.binary_data_size : undefined;
    if (binary === undefined) {
      const numbers = Array.isArray(data) ? data.flat(8) as number[] : [];
      if (numbers.length !== count) {
        throw new SyntaxError(
          `"${name}" has ${numbers.length} numbers; expected ${count} for [${sizes.join(", ")}]`,
        );
      }
      return { name, type, shape: sizes, bytes: bytesOf(numbers, type) };
    }
    if (binary !== size || at + size > body.length) {
      throw new SyntaxError(
        `"${name}" has ${binary} bytes, of which ${
          body.length - at
        } are there; expected ${size} for ` +
          `${type} [${sizes.join(", ")}]`,
      );
    }
    const bytes = body.slice(at, at + size);
    at += size;
    return { name, type, shape: sizes, bytes };
  });
}

function bytesOf(numbers: readonly number[], type: string): Uint8Array<ArrayBuffer> {
  switch (type) {
    case "float16":
      return new Uint8Array(Float16Array.from(numbers).buffer);
    case "float32":
      return new Uint8Array(Float32Array.from(numbers).buffer);
    case "float64":
      return new Uint8Array(Float64Array.from(numbers).buffer);
    case "int32":
      return new Uint8Array(Int32Array.from(numbers).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(numbers, (n) => BigInt(Math.trunc(n))).buffer);
    default:
      return Uint8Array.from(numbers, Number);
  }
}
