import type { Tensor } from "./tensor.ts";

/** Where a graph runs: an execution provider of the engine, by its short name. */
export type Device = "cuda" | "webgpu" | "coreml" | "dml" | "cpu";

/** What `probeDevices()` found out about one device. */
export interface DeviceProbe {
  /** Which one. */
  readonly device: Device;
  /** True if it ran a tiny graph here. */
  readonly available: boolean;
  /** Why not, when it is not available. */
  readonly reason?: string;
  /** The name of a driver that computes on the processor: it works, slower than "cpu". */
  readonly software?: string;
}

/** One input or output of a graph, as the graph declares it. */
export interface TensorInfo {
  /** The name to feed or to read. */
  readonly name: string;
  /** The element type: "float32", "float16", "int64", "int32", "bool", … */
  readonly type: string;
  /** The size of each axis; a name such as "batch_size" where it may vary. */
  readonly shape: readonly (number | string)[];
}

/** How to open a {@linkcode Session}. */
export interface SessionOptions {
  /** The device to run on; "auto" (the default) takes the first that works. */
  readonly device?: Device | "auto";
  /** Threads of the CPU provider; at most (and by default) the cores available. */
  readonly threads?: number;
  /** Stops the opening; the error is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Folder for optimised copies of CPU models, which load faster and share memory. `false` writes
   * none. The default is `shum/optimised` in the user's cache folder.
   */
  readonly cacheDir?: string | false;
  /** Uses the model's weights where they lie instead of repacked copies: less memory, slower. */
  readonly lowMemory?: boolean;
}

/** How to run a {@linkcode Session} once. */
export interface RunSettings {
  /**
   * Gives up waiting; a run that has begun ends in the background, and those behind it wait for it.
   * Closing the session does so for two seconds only: a graph may hold a loop that never ends.
   */
  readonly signal?: AbortSignal | undefined;
  /** The outputs to fetch; all of them when absent. */
  readonly outputs?: readonly string[];
}

/**
 * One loaded graph: the only thing that knows an inference engine exists.
 *
 * Concurrent calls of `run` are queued and answered in order.
 */
export interface Session extends AsyncDisposable {
  /** The file it was opened from. */
  readonly path: string;
  /** The device that serves it. */
  readonly device: Device | "remote";
  /** What the graph reads, in its order. */
  readonly inputs: readonly TensorInfo[];
  /** What the graph gives, in its order. */
  readonly outputs: readonly TensorInfo[];
  /** The names of {@linkcode Session.inputs}. */
  readonly inputNames: readonly string[];
  /** The names of {@linkcode Session.outputs}. */
  readonly outputNames: readonly string[];
  /**
   * Runs the graph. Feeds are copied before the call returns, cast to the types that the graph
   * declares, so the caller may overwrite them at once. Float16 outputs arrive as float32.
   *
   * @throws {TypeError} if an input is missing, unknown or of another rank than the graph's.
   * @throws {RangeError} if an axis has another size than the graph's.
   * @throws {Error} if the session is closed or the engine fails.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    settings?: RunSettings,
  ): Promise<Record<string, Tensor>>;
}
