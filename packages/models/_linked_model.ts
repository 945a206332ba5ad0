import * as fs from "node:fs";
import { dirname, join, sep } from "node:path";
import type { OnnxModel } from "./onnx_model.ts";

/**
 * Gives `use` a path from which the engine can load a model whose weights lie elsewhere.
 *
 * The engine follows links and then refuses weights outside the model's real folder, as in a cache
 * that keeps every blob in a folder of its own. Then the files are hard-linked into one for the
 * time of loading; the engine keeps what it has mapped.
 */
export async function withWeightsBeside<T>(
  path: string,
  model: OnnxModel,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(path);
  const real = fs.realpathSync(path);
  const inside = (file: string) =>
    fs.realpathSync(join(folder, file)).startsWith(dirname(real) + sep);
  if (model.externalFiles.every(inside)) {
    return await use(path);
  }
  const together = linkFiles(real, model.externalFiles.map((file) => [file, join(folder, file)]));
  // No room for links: the engine's own refusal says the rest.
  if (together === undefined) return await use(path);
  try {
    return await use(join(together, "model.onnx"));
  } finally {
    fs.rmSync(together, { recursive: true, force: true });
  }
}

/** A folder beside the model, on whose file system links are possible; undefined if they are not. */
function linkFiles(
  model: string,
  weights: readonly (readonly [name: string, path: string])[],
): string | undefined {
  let folder: string | undefined;
  try {
    folder = fs.mkdtempSync(join(dirname(model), ".shum-links-"));
    fs.linkSync(model, join(folder, "model.onnx"));
    for (const [name, path] of weights) {
      const target = join(folder, name);
      fs.mkdirSync(dirname(target), { recursive: true });
      fs.linkSync(fs.realpathSync(path), target);
    }
    return folder;
  } catch {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}
