import { builtin } from "./_builtin.ts";

// A model may come from anyone, and the engine reads files without asking for Deno's permission:
// what a model names must lie in the model.

/**
 * The real folders that a model is made of. A file is _inside_ the model when its real path, all
 * links followed, lies under one of them:
 *
 * - a plain folder: the folder with model_index.json, or the graph's own where there is none;
 * - a snapshot in the hub's cache (`models--owner--name/snapshots/<commit>`), whose files are links
 *   to blobs: that repository's `models--owner--name`, and the folder `blobs` beside it, in which
 *   newer versions of huggingface_hub keep blobs that several repositories share.
 *
 * A hard link is a file like any other.
 *
 * @param folder The model's folder, or that of one of its components.
 */
export function modelRoots(folder: string): readonly string[] {
  const { existsSync, realpathSync } = builtin("fs");
  const { dirname, join } = builtin("path");
  const real = realpathSync(folder);
  const snapshot = /^(.*[/\\])models--[^/\\]+(?=[/\\]snapshots[/\\][0-9a-f]{40}(?:[/\\]|$))/
    .exec(real);
  if (snapshot) return [snapshot[0], join(snapshot[1]!, "blobs")];
  const hasIndex = (path: string) => existsSync(join(path, "model_index.json"));
  return [!hasIndex(real) && hasIndex(dirname(real)) ? dirname(real) : real];
}

/** Whether a real path lies under a real folder. */
export function liesUnder(path: string, folder: string): boolean {
  const { sep } = builtin("path");
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * Where a file of a model really lies.
 *
 * @param roots What {@linkcode modelRoots} gave.
 * @returns undefined if there is no such file.
 * @throws {Error} if links lead out of the model.
 */
export function realPathInside(path: string, roots: readonly string[]): string | undefined {
  let real: string;
  try {
    real = builtin("fs").realpathSync(path);
  } catch {
    return undefined;
  }
  if (roots.some((root) => real === root || liesUnder(real, root))) return real;
  throw new Error(
    `Cannot use "${path}": links lead to "${real}", outside the model in "${roots[0]}"; expected ` +
      `the file itself: copy it there, or open the model where it lies`,
  );
}
