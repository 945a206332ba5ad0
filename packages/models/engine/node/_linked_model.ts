import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { staleAfter } from "../../files/_cache_folder.ts";
import { liesUnder } from "../../files/_paths.ts";
import { weightsOf } from "../../files/_weights.ts";
import type { OnnxModel } from "../../onnx/model.ts";

const folderPrefix = ".shum-links-";

/**
 * Gives `use` a path from which the engine can load a model whose weights lie elsewhere.
 *
 * The engine follows links and then refuses weights outside the graph's real folder, as in a cache
 * that keeps every blob in a folder of its own. Then the files are hard-linked into one for the
 * time of loading; the engine keeps what it has mapped.
 *
 * @param model What the check of `path` gave: its weights lie inside the model.
 */
export async function withWeightsBeside<T>(
  path: string,
  model: OnnxModel,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const real = fs.realpathSync(path);
  const weights = weightsOf(path, model).map(({ location, real }) => [location, real!] as const);
  if (weights.every(([, file]) => liesUnder(file, dirname(real)))) return await use(path);
  removeLeftovers(dirname(real));
  const name = basename(path);
  const together = linkFiles(dirname(real), [[name, real], ...weights]);
  // No room for links: the engine's own refusal says the rest.
  if (together === undefined) return await use(path);
  try {
    return await use(join(together, name));
  } finally {
    fs.rmSync(together, { recursive: true, force: true });
  }
}

/** A folder beside the model, on whose file system links are possible; undefined if they are not. */
function linkFiles(
  beside: string,
  files: readonly (readonly [name: string, path: string])[],
): string | undefined {
  let folder: string | undefined;
  try {
    folder = fs.mkdtempSync(join(beside, folderPrefix));
    for (const [name, path] of files) {
      const target = join(folder, name);
      fs.mkdirSync(dirname(target), { recursive: true });
      fs.linkSync(path, target);
    }
    return folder;
  } catch {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** Removes what processes left that crashed while they loaded. */
function removeLeftovers(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (!new RegExp(`^\\${folderPrefix}[A-Za-z0-9]{6}$`).test(name)) continue;
    const path = join(folder, name);
    try {
      const info = fs.lstatSync(path);
      const stale = info.isDirectory() && Date.now() - info.mtimeMs > staleAfter;
      if (stale) fs.rmSync(path, { recursive: true, force: true });
    } catch {
      // Gone already, or not ours to remove.
    }
  }
}
