import { type OnnxModel, readOnnxModel } from "../onnx/model.ts";

/**
 * As {@linkcode readCheckedModel}, for a model in memory: it has no folder, so nothing beside it.
 *
 * @throws {Error} if its weights lie in files.
 */
export function readCheckedBytes(bytes: Uint8Array): OnnxModel {
  const model = readOnnxModel(bytes);
  const [file] = model.externalFiles;
  if (file === undefined) return model;
  throw new Error(
    `Cannot load the given bytes: their weights lie in "${file}"; expected a model that holds them, or ` +
      `the path of its file`,
  );
}
