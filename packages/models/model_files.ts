import type { GraphSource } from "./engine/engine.ts";
import type { ModelIndex } from "./model_index.ts";

/**
 * The files of a model, by component, wherever they are: a folder, the hub's cache, an address, memory.
 * The component "" is the model's own folder, with model_index.json.
 *
 * @example A model in memory, without files
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { type ModelFiles, openDenoiser } from "@shum/models";
 *
 * const missing = (component: string) => Promise.reject(new Error(`Cannot find ${component}`));
 * const empty: ModelFiles = { has: () => false, json: missing, text: missing, graph: missing };
 * await assertRejects(() => openDenoiser(empty), Error, "Cannot find transformer");
 * ```
 */
export interface ModelFiles {
  /** What messages call the model. */
  readonly id?: string | undefined;
  /** model_index.json, where it has been read already. */
  readonly index?: ModelIndex | undefined;
  /**
   * Whether the model has that component, e.g. "vae_encoder", to be used; with a name, whether the
   * component has that file.
   */
  has(component: string, name?: string): boolean;
  /** A component's JSON file, parsed; rejects when there is none. */
  json(component: string, name: string): Promise<unknown>;
  /** A component's text file, such as the merges.txt of a tokenizer; rejects when there is none. */
  text(component: string, name: string): Promise<string>;
  /** Where an engine finds a component's graph; rejects when there is none. */
  graph(component: string): Promise<GraphSource>;
}

/**
 * A component's JSON file as an object; `{}` when there is none.
 *
 * @param files The model's files.
 * @param component The component, such as "unet".
 * @param name `config.json` by default.
 * @throws {SyntaxError} if it is not an object.
 *
 * @example A model without files
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readConfig } from "@shum/models";
 *
 * const missing = () => Promise.reject(new Error("Cannot find it"));
 * const files = { has: () => false, json: missing, text: missing, graph: missing };
 * assertEquals(await readConfig(files, "unet"), {});
 * ```
 */
export async function readConfig(
  files: ModelFiles,
  component: string,
  name: string = "config.json",
): Promise<Record<string, unknown>> {
  if (!files.has(component, name)) return {};
  const value = await files.json(component, name);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError(
      `Cannot read ${component}/${name}: it holds ${JSON.stringify(value)}; expected an object`,
    );
  }
  return value as Record<string, unknown>;
}
