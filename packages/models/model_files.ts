/**
 * The files of a model folder, by component: what the openers of this package need of a
 * repository.
 *
 * @example A folder without files
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
