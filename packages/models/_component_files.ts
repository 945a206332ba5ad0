import { shown } from "./_shown.ts";
import type { ModelFiles } from "./model_files.ts";

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
      `Cannot read ${component}/${name}: it holds ${shown(value)}; expected an object`,
    );
  }
  return value as Record<string, unknown>;
}
