import type { HubOptions } from "../hub/hub.ts";
import type { ModelFiles } from "../model_files.ts";
import type { ModelIndex } from "../model_index.ts";

/** Settings of {@linkcode openRepository}: those of the hub, which a local folder ignores. */
export type RepositoryOptions = HubOptions;

/** A model folder that has everything its model_index.json names. */
export interface Repository extends ModelFiles {
  /** The hub id, or the path as it was given. */
  readonly id: string;
  /** The folder with the files. */
  readonly path: string;
  /** model_index.json. */
  readonly index: ModelIndex;
  /** What else there is to know of it: family and types of a single file, tensors of no known use. */
  readonly notes?: readonly string[];
  /**
   * The path of a component's file; without a name, its graph.
   *
   * @throws {RepositoryError} the file is missing; names the folder and what it holds
   */
  file(component: string, name?: string): string;
  /**
   * A JSON file of a component.
   *
   * @throws {RepositoryError} the file is missing
   * @throws {SyntaxError} it is not JSON
   * @throws {RangeError} it is longer than any such file: 64 MiB for a tokenizer's, else 4 MiB
   */
  json(component: string, name: string): Promise<unknown>;
  /** The path of a component's graph, as {@linkcode Repository.file} gives it. */
  graph(component: string): Promise<string>;
}
