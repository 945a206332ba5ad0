/**
 * The files of a model folder, by component: what the openers of this package need of a
 * repository.
 *
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { type ModelFiles } from "@shum/models";
 *
 * const empty: ModelFiles = {
 *   has: () => false,
 *   file: (component, name = "model.onnx") => {
 *     throw new Error(`Cannot find ${component}/${name}`);
 *   },
 *   json: () => Promise.reject(new Error("Cannot find it")),
 * };
 * assertThrows(() => empty.file("unet"), Error, "unet/model.onnx");
 * ```
 */
export interface ModelFiles {
  /** Whether the model has that component, e.g. "vae_encoder". */
  has(component: string): boolean;
  /** The path of a component's file, `model.onnx` by default; throws when there is none. */
  file(component: string, name?: string): string;
  /** A component's JSON file, parsed; rejects when there is none. */
  json(component: string, name: string): Promise<unknown>;
}

/** A component's file, or undefined. */
export function findFile(files: ModelFiles, component: string, name: string): string | undefined {
  if (!files.has(component)) return undefined;
  try {
    return files.file(component, name);
  } catch {
    return undefined;
  }
}

/**
 * A component's JSON file as an object; `{}` when there is none.
 *
 * @throws {SyntaxError} if it is not an object.
 */
export async function readConfig(
  files: ModelFiles,
  component: string,
  name: string = "config.json",
): Promise<Record<string, unknown>> {
  if (findFile(files, component, name) === undefined) return {};
  const value = await files.json(component, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(
      `Cannot read ${component}/${name}: it holds ${JSON.stringify(value)}; expected an object`,
    );
  }
  return value as Record<string, unknown>;
}
