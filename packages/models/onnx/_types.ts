import type { TensorInfo } from "../session.ts";

/** A constant of a graph and where its bytes lie. */
export interface OnnxInitializer {
  /** Its name in the graph, e.g. "text_model.final_layer_norm.weight". */
  readonly name: string;
  /** The element type, as in {@linkcode TensorInfo}. */
  readonly type: string;
  /** The size of each axis. */
  readonly shape: readonly number[];
  /** The file beside the model that holds the bytes; absent when they lie in the model itself. */
  readonly file?: string;
  /** Where the bytes begin in that file. */
  readonly offset: number;
  /** How many bytes there are. */
  readonly length: number;
}

/** One operator call of a graph. */
export interface OnnxNode {
  /** The operator, with its domain unless that is the standard one. */
  readonly op: string;
  /** Names of what it reads; "" for an input left out. */
  readonly inputs: readonly string[];
  /** Names of what it gives. */
  readonly outputs: readonly string[];
}

/** What `readOnnxModel()` finds in a file without loading it. */
export interface OnnxModel {
  /** Operator domains and their versions; "" is the standard one. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Number of calls by operator, e.g. `Conv` or `com.microsoft:GroupNorm`; subgraphs included. */
  readonly operators: ReadonlyMap<string, number>;
  /** Calls of the main graph, in their order. */
  readonly nodes: readonly OnnxNode[];
  /** Inputs, without those that are constants of the graph. */
  readonly inputs: readonly TensorInfo[];
  /** Outputs. */
  readonly outputs: readonly TensorInfo[];
  /** Constants. */
  readonly initializers: readonly OnnxInitializer[];
  /** Names of the files beside the model that hold constants. */
  readonly externalFiles: readonly string[];
}
