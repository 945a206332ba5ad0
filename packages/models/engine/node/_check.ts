import { closeSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { modelRoots, realPathInside } from "../../files/_paths.ts";
import { weightsOf, weightsProblem } from "../../files/_weights.ts";
import { otherKind } from "../../files/_regular_file.ts";
import { type OnnxModel, readOnnxModel } from "../../onnx/model.ts";
import type { Device } from "../../session.ts";

/** Operators that only some devices run; measured with onnxruntime-node 1.30. */
const cudaOnly = [
  "com.microsoft:GroupNorm",
  "com.microsoft:SkipGroupNorm",
  "com.microsoft:NhwcConv",
  "com.microsoft:NhwcFusedConv",
  "com.microsoft:MultiHeadAttention (packed)",
  "com.microsoft:PackedMultiHeadAttention",
  "com.microsoft:PackedAttention",
];
const gpuOnly = ["com.microsoft:BiasSplitGelu", "com.microsoft:BiasAdd"];

const missing: Readonly<Record<Device, readonly string[]>> = {
  cpu: [...cudaOnly, ...gpuOnly],
  coreml: [...cudaOnly, ...gpuOnly],
  webgpu: cudaOnly,
  cuda: [],
  dml: [],
};

const knownDomains = new Set([
  "ai.onnx.ml",
  "ai.onnx.training",
  "ai.onnx.preview.training",
  "com.microsoft",
  "com.microsoft.nchwc",
  "com.microsoft.experimental",
  "com.microsoft.dml",
  "com.ms.internal.nhwc",
  "org.pytorch.aten",
]);

/**
 * Reads a model's structure and checks that its files are whole. The engine reads files without
 * asking for Deno's permission, so none outside the model may be named.
 *
 * @param path Absolute.
 * @throws {Error} if the file is missing, no file or a pointer; or its weights are missing or short; or
 * links lead out of the model.
 * @throws {SyntaxError} if the file is no ONNX model.
 */
export function readCheckedModel(path: string): OnnxModel {
  let stat;
  try {
    stat = statSync(path);
  } catch {
    throw new Error(`Cannot load "${path}": there is no such file; expected an ONNX model`);
  }
  if (!stat.isFile()) {
    throw new Error(
      `Cannot load "${path}": it is ${otherKind(stat)}; expected the path of a .onnx file`,
    );
  }
  const roots = modelRoots(dirname(path));
  realPathInside(path, roots);
  const start = head(path);
  if (start.startsWith("version https://git-lfs")) {
    throw new Error(
      `Cannot load "${path}": it is a Git LFS pointer, not the model; expected the real file: run git lfs pull`,
    );
  }
  if (start.startsWith("<")) {
    throw new Error(`Cannot load "${path}": it is a web page; expected an ONNX model`);
  }
  const model = readOnnxModel(path);
  for (const file of weightsOf(path, model, roots)) {
    const problem = weightsProblem(file);
    if (problem !== undefined) throw new Error(`Cannot load "${path}": ${problem}`);
  }
  return model;
}

/**
 * Explains, before the engine tries, a model that was built for another device.
 *
 * @throws {Error} naming the operators and the devices that have them.
 */
export function checkOperators(path: string, model: OnnxModel, device: Device): void {
  const absent = missing[device].filter((op) => model.operators.has(op));
  if (absent.length > 0) {
    const list = absent.map((op) => `${model.operators.get(op)} × ${op.replace(/^.*:/, "")}`);
    const others = absent.every((op) => gpuOnly.includes(op))
      ? "a graphics device"
      : '"cuda" or "dml"';
    throw new Error(
      `Cannot load "${path}" on "${device}": it was optimised for ${others} and uses ${
        list.join(", ")
      }; expected a plain export (such as optimum-cli export onnx makes), or device ${others}`,
    );
  }
  const uses = (domain: string) =>
    [...model.operators.keys()].some((op) => op.startsWith(`${domain}:`));
  if (device !== "webgpu" && uses("com.ms.internal.nhwc")) {
    throw new Error(
      `Cannot load "${path}" on "${device}": it is a copy that was optimised for "webgpu"; ` +
        `expected the original export`,
    );
  }
  for (const op of model.operators.keys()) {
    const colon = op.indexOf(":");
    if (colon >= 0 && !knownDomains.has(op.slice(0, colon))) {
      throw new Error(
        `Cannot load "${path}": the operator ${op} is of no known library; ` +
          `expected standard ONNX or com.microsoft operators`,
      );
    }
  }
}

function head(path: string): string {
  const bytes = new Uint8Array(32);
  const file = openSync(path, "r");
  try {
    const count = readSync(file, bytes, 0, bytes.length, 0);
    return new TextDecoder().decode(bytes.subarray(0, count));
  } finally {
    closeSync(file);
  }
}
