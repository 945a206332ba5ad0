import { checkLocation } from "./_location.ts";
import type { ProtobufReader } from "./_protobuf.ts";
import type { OnnxInitializer } from "./_types.ts";

// TensorProto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Its numbers are anyone's:
// what is passed on has been checked against each other.

/** TensorProto.DataType: its name and its bits; strings have no size. */
const elements: Readonly<Record<number, readonly [name: string, bits: number]>> = {
  1: ["float32", 32],
  2: ["uint8", 8],
  3: ["int8", 8],
  4: ["uint16", 16],
  5: ["int16", 16],
  6: ["int32", 32],
  7: ["int64", 64],
  8: ["string", 0],
  9: ["bool", 8],
  10: ["float16", 16],
  11: ["float64", 64],
  12: ["uint32", 32],
  13: ["uint64", 64],
  14: ["complex64", 64],
  15: ["complex128", 128],
  16: ["bfloat16", 16],
  17: ["float8e4m3fn", 8],
  18: ["float8e4m3fnuz", 8],
  19: ["float8e5m2", 8],
  20: ["float8e5m2fnuz", 8],
  21: ["uint4", 4],
  22: ["int4", 4],
  23: ["float4e2m1", 4],
};

/** More axes than any tensor has. */
const mostAxes = 64;

/** The name of a TensorProto.DataType. */
export function elementType(code: number): string {
  return elements[code]?.[0] ?? "unknown";
}

/**
 * Reads a TensorProto and where its bytes lie.
 *
 * @throws {SyntaxError} if its numbers contradict each other, or its bytes are said to lie elsewhere
 * than in the model's folder.
 */
export function readTensor(tensor: ProtobufReader): OnnxInitializer {
  const shape: number[] = [];
  const external = new Map<string, string>();
  let elsewhere = false;
  let name = "";
  let code = 0;
  let offset = 0;
  let length: number | undefined;
  while (tensor.next()) {
    if (tensor.field === 1) shape.push(...tensor.integers(mostAxes));
    else if (tensor.field === 2) code = tensor.integer();
    else if (tensor.field === 4 || tensor.field === 9) [offset, length] = tensor.range();
    else if (tensor.field === 8) name = tensor.text();
    else if (tensor.field === 13) {
      let key = "";
      let value = "";
      for (const entry = tensor.message(); entry.next();) {
        if (entry.field === 1) key = entry.text();
        else if (entry.field === 2) value = entry.text();
      }
      if (external.has(key)) throw new SyntaxError(`${quote(name)} names its ${quote(key)} twice`);
      external.set(key, value);
    } else if (tensor.field === 14) elsewhere = tensor.integer() === 1;
    if (shape.length > mostAxes) {
      throw new SyntaxError(`${quote(name)} has over ${mostAxes} axes`);
    }
  }
  const type = elementType(code);
  const size = byteLength(name, shape, elements[code]?.[1]);
  const fits = (found: number | undefined) => {
    if (size === undefined || found === undefined || found === size) return;
    throw new SyntaxError(
      `${quote(name)} is ${type} [${shape.join(", ")}] and has ${found} bytes; expected ${size}`,
    );
  };
  const location = external.get("location");
  if (location === undefined) {
    if (elsewhere) {
      throw new SyntaxError(`the bytes of ${quote(name)} lie in a file without a name`);
    }
    fits(length);
    return { name, type, shape, offset, length: length ?? 0 };
  }
  checkLocation(location, name);
  const written = external.get("length");
  length = written === undefined ? size ?? 0 : wholeNumber(name, "length", written);
  // Exporters of old write 0 for "all there is".
  if (length === 0 && size !== undefined) length = size;
  fits(length);
  offset = wholeNumber(name, "offset", external.get("offset") ?? "0");
  if (!Number.isSafeInteger(offset + length)) {
    throw new SyntaxError(`the bytes of ${quote(name)} are said to end at ${offset + length}`);
  }
  return { name, type, shape, file: location, offset, length };
}

function byteLength(name: string, shape: readonly number[], bits = 0): number | undefined {
  let count = 1;
  for (const axis of shape) {
    count *= axis;
    if (axis < 0 || !Number.isSafeInteger(axis) || !Number.isSafeInteger(count * 16)) {
      throw new SyntaxError(
        `${quote(name)} has shape [${shape.join(", ")}]; expected sizes that a file can hold`,
      );
    }
  }
  return bits === 0 ? undefined : Math.ceil(count * bits / 8);
}

function wholeNumber(name: string, key: string, text: string): number {
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new SyntaxError(
    `the ${key} of ${quote(name)} in its file is ${quote(text)}; expected a whole number of bytes`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
