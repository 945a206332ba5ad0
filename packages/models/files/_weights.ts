import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { modelRoots, realPathInside } from "./_paths.ts";
import type { OnnxModel } from "../onnx/model.ts";
import { requireFile } from "./_regular_file.ts";

/** A file of weights beside a graph. */
export interface WeightsFile {
  /** Its place relative to the graph's folder, as the graph gives it. */
  readonly location: string;
  /** Its real path, inside the model; undefined when there is no such file. */
  readonly real: string | undefined;
  /** Its size in bytes. */
  readonly size: number;
  /** The bytes of it that the graph refers to. */
  readonly expected: number;
}

/**
 * The files that a graph's weights lie in, looked at and not opened.
 *
 * @param path The graph's.
 * @param roots What the model is made of, see {@linkcode modelRoots}.
 * @throws {Error} if one lies outside the model, is no regular file, or is the graph itself.
 */
export function weightsOf(
  path: string,
  model: OnnxModel,
  roots: readonly string[] = modelRoots(dirname(path)),
): readonly WeightsFile[] {
  const needed = new Map<string, number>();
  for (const { file, offset, length } of model.initializers) {
    if (file !== undefined) needed.set(file, Math.max(needed.get(file) ?? 0, offset + length));
  }
  const graph = realpathSync(path);
  return [...needed].map(([location, expected]) => {
    const real = realPathInside(join(dirname(path), location), roots);
    if (real === undefined) return { location, real, size: 0, expected };
    if (real === graph) {
      throw new Error(
        `Cannot load "${path}": its weights are said to lie in the graph itself; expected a file ` +
          `beside it`,
      );
    }
    return { location, real, size: requireFile(real, "a model's weights").size, expected };
  });
}

/** What is wrong with a file of weights, in words; undefined if it is there and whole. */
export function weightsProblem(
  { location, real, size, expected }: WeightsFile,
): string | undefined {
  if (real === undefined) {
    return `its weights "${location}" are missing; expected that file beside the model`;
  }
  if (size >= expected) return undefined;
  return `its weights "${location}" have ${size} bytes; expected ${expected}: the file is cut short, ` +
    `download it again`;
}
