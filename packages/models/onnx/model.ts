import { checkLocation } from "./_location.ts";
import { builtin } from "../files/_builtin.ts";
import { fileSource } from "../files/_file_source.ts";
import { modelRoots, realPathInside } from "../files/_paths.ts";
import { operatorName, readNode } from "./_node.ts";
import { elementType, readTensor } from "./_tensor.ts";
import { type ByteSource, memorySource, ProtobufReader } from "./_protobuf.ts";
import type { OnnxInitializer, OnnxModel, OnnxNode } from "./_types.ts";
import type { TensorInfo } from "../session.ts";

export type { OnnxInitializer, OnnxModel, OnnxNode } from "./_types.ts";

/**
 * Reads the structure of an ONNX model and skips its weights, so a file of many gigabytes takes
 * milliseconds.
 *
 * The file may come from anyone: its sizes, counts and depths are checked before they are believed, and
 * a constant whose bytes are said to lie outside the model's folder is refused.
 *
 * @param source Path of the `.onnx` file, or its bytes.
 * @throws {SyntaxError} if the file is not an ONNX model, is cut short, or names a file outside its folder.
 * @throws {Error} if there is no such file, or it is a folder, pipe, socket or device.
 *
 * @example A file that is no model
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readOnnxModel } from "@shum/models";
 *
 * assertThrows(() => readOnnxModel(new TextEncoder().encode("version https://git-lfs")), SyntaxError);
 * ```
 */
export function readOnnxModel(source: string | Uint8Array): OnnxModel {
  const opened = typeof source === "string" ? fileSource(source) : memorySource(source);
  try {
    return readModel(opened);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot read ONNX model ${nameOf(source)}: ${error.message}`);
  } finally {
    opened.close();
  }
}

/**
 * Reads the numbers of one float32, float16 or bfloat16 constant of a model.
 *
 * @param source What {@linkcode readOnnxModel} read.
 * @param initializer One of its constants.
 * @throws {TypeError} if it is of another type.
 * @throws {RangeError} if offset, length and shape do not fit together.
 * @throws {SyntaxError} if the file is cut short, lies outside the model's folder, or beside
 * bytes.
 *
 * @example Only floats are read
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readInitializer } from "@shum/models";
 *
 * const ids = { name: "ids", type: "int64", shape: [2], offset: 0, length: 16 };
 * assertThrows(() => readInitializer("model.onnx", ids), TypeError, "int64");
 * ```
 */
export function readInitializer(
  source: string | Uint8Array,
  initializer: OnnxInitializer,
): Float32Array {
  const { name, type, shape, file, offset, length } = initializer;
  const what = `Cannot read constant "${name}" of ${nameOf(source)}`;
  if (type !== "float32" && type !== "float16" && type !== "bfloat16") {
    throw new TypeError(`${what}: type is ${type}; expected float32, float16 or bfloat16`);
  }
  const size = shape.reduce((a, b) => a * b, type === "float32" ? 4 : 2);
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== size) {
    throw new RangeError(
      `${what}: it is ${type} [${shape.join(", ")}] in ${length} bytes from ${offset} on; ` +
        `expected ${size} bytes from 0 or later on`,
    );
  }
  try {
    if (file !== undefined) checkLocation(file, name);
    const opened = openInitializer(source, file);
    try {
      const bytes = opened.read(offset, length).slice();
      if (type === "float32") return new Float32Array(bytes.buffer);
      if (type === "float16") return new Float32Array(new Float16Array(bytes.buffer));
      // bfloat16 is the upper half of float32.
      return new Float32Array(
        Uint32Array.from(new Uint16Array(bytes.buffer), (x) => x << 16).buffer,
      );
    } finally {
      opened.close();
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${what}: ${error.message}`, { cause: error });
  }
}

/** The bytes that a constant lies in: the graph's, or those of a file beside it. */
function openInitializer(source: string | Uint8Array, file: string | undefined): ByteSource {
  if (typeof source !== "string") {
    if (file === undefined) return memorySource(source);
    throw new SyntaxError(`it lies in "${file}"; expected a whole model in the given bytes`);
  }
  const { dirname, join } = builtin("path");
  const folder = dirname(source);
  const beside = file === undefined ? source : join(folder, file);
  return fileSource(realPathInside(beside, modelRoots(folder)) ?? beside);
}

function nameOf(source: string | Uint8Array): string {
  return typeof source === "string" ? `"${source}"` : "the given bytes";
}

interface Building {
  opsets: Record<string, number>;
  operators: Map<string, number>;
  functions: Set<string>;
  nodes: OnnxNode[];
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  initializers: OnnxInitializer[];
}

// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
function readModel(source: ByteSource): OnnxModel {
  const building: Building = {
    opsets: {},
    operators: new Map(),
    functions: new Set(),
    nodes: [],
    inputs: [],
    outputs: [],
    initializers: [],
  };
  if (source.size === 0) throw new SyntaxError("the file is empty; expected an ONNX model");
  // ModelProto's own fields are 1 to 8: anything else at the start is another kind of file.
  const first = source.read(0, 1)[0]! >> 3;
  if (first < 1 || first > 8) throw new SyntaxError("it is not an ONNX model");
  const reader = new ProtobufReader(source, 0, source.size);
  let graphs = 0;
  let irVersion = 0;
  while (reader.next()) {
    if (reader.field === 1) irVersion = reader.integer();
    else if (reader.field === 7) {
      graphs++;
      readGraph(reader.message(), building, true);
    } else if (reader.field === 8) {
      let domain = "";
      let version = 0;
      for (const opset = reader.message(); opset.next();) {
        if (opset.field === 1) domain = opset.text();
        else if (opset.field === 2) version = opset.integer();
      }
      building.opsets[domain === "ai.onnx" ? "" : domain] = version;
    } else if (reader.field === 25) {
      let name = "";
      let domain = "";
      for (const local = reader.message(); local.next();) {
        if (local.field === 1) name = local.text();
        else if (local.field === 7) readOperator(local.message(), building);
        else if (local.field === 10) domain = local.text();
      }
      building.functions.add(operatorName(domain, name));
    }
  }
  if (graphs !== 1 || irVersion === 0 || Object.keys(building.opsets).length === 0) {
    throw new SyntaxError("it lacks a graph or its versions; expected a whole ONNX model");
  }
  for (const name of building.functions) building.operators.delete(name);
  const constants = new Set(building.initializers.map(({ name }) => name));
  const files = building.initializers.flatMap(({ file }) => file === undefined ? [] : [file]);
  return {
    opsets: building.opsets,
    operators: building.operators,
    nodes: building.nodes,
    inputs: building.inputs.filter(({ name }) => !constants.has(name)),
    outputs: building.outputs,
    initializers: building.initializers,
    externalFiles: [...new Set(files)],
  };
}

function readGraph(graph: ProtobufReader, building: Building, main: boolean): void {
  while (graph.next()) {
    if (graph.field === 1) {
      const node = readOperator(graph.message(), building);
      if (main) building.nodes.push(node);
    } else if (graph.field === 5) building.initializers.push(readTensor(graph.message()));
    else if (graph.field === 15) readSparse(graph.message(), building);
    else if (graph.field === 11 && main) building.inputs.push(readValue(graph.message()));
    else if (graph.field === 12 && main) building.outputs.push(readValue(graph.message()));
  }
}

function readOperator(node: ProtobufReader, building: Building): OnnxNode {
  const read = readNode(node, (attribute) => {
    while (attribute.next()) {
      if (attribute.field === 6 || attribute.field === 11) {
        readGraph(attribute.message(), building, false);
      } else if (attribute.field === 5 || attribute.field === 10) {
        keepExternal(readTensor(attribute.message()), building);
      } else if (attribute.field === 22 || attribute.field === 23) {
        readSparse(attribute.message(), building);
      }
    }
  });
  // Packed inputs are a variant that only CUDA runs; it has no name of its own.
  const packed = read.op === "com.microsoft:MultiHeadAttention" && !read.inputs[1];
  const op = packed ? `${read.op} (packed)` : read.op;
  building.operators.set(op, (building.operators.get(op) ?? 0) + 1);
  return { ...read, op };
}

/** Values and places of a sparse constant. */
function readSparse(sparse: ProtobufReader, building: Building): void {
  while (sparse.next()) {
    if (sparse.field === 1 || sparse.field === 2) {
      keepExternal(readTensor(sparse.message()), building);
    }
  }
}

/** The engine reads the files of these as it does those of other constants. */
function keepExternal(tensor: OnnxInitializer, building: Building): void {
  if (tensor.file !== undefined) building.initializers.push(tensor);
}

function readValue(value: ProtobufReader): TensorInfo {
  let name = "";
  let type = "unknown";
  const shape: (number | string)[] = [];
  while (value.next()) {
    if (value.field === 1) name = value.text();
    if (value.field !== 2) continue;
    for (const declared = value.message(); declared.next();) {
      if (declared.field !== 1) continue;
      for (const tensor = declared.message(); tensor.next();) {
        if (tensor.field === 1) type = elementType(tensor.integer());
        if (tensor.field !== 2) continue;
        for (const dims = tensor.message(); dims.next();) {
          let size: number | string = "";
          for (const dim = dims.message(); dim.next();) {
            if (dim.field === 1) size = dim.integer();
            else if (dim.field === 2) size = dim.text();
          }
          shape.push(size);
        }
      }
    }
  }
  return { name, type, shape };
}
