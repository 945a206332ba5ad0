import type { env, InferenceSession, Tensor } from "onnxruntime-node";
import type { EncodedTensor } from "../_feeds.ts";
import { describeValue, fromOnnx, toOnnx } from "../_onnx_tensors.ts";
import type { Device, TensorInfo } from "../../session.ts";

// The only file that knows ONNX Runtime. It runs inside the worker: create() and run() block.

/** A graph that the engine has loaded, in this thread. */
export interface OnnxSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Blocks the thread until the outputs are there. */
  run(feeds: readonly EncodedTensor[], outputs: readonly string[]): Promise<EncodedTensor[]>;
  release(): Promise<void>;
}

/** How the engine is asked to load a graph. */
export interface OnnxSessionSettings {
  readonly device: Device;
  readonly threads: number;
  /** The graph is an optimised copy: leave it as it is. */
  readonly optimised?: boolean;
  /** Where to write an optimised copy. */
  readonly writeTo?: { readonly model: string; readonly data: string };
  readonly lowMemory?: boolean;
  /** Whether what a run took is kept for the next, instead of given back. Default true. */
  readonly arena?: boolean;
  /** Whether from its second run on it takes one block, planned after the first. Default true. */
  readonly plan?: boolean;
}

/** The part of the engine that is used; its module has other types when imported lazily. */
interface Engine {
  readonly env: typeof env;
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

let loading: Promise<Engine> | undefined;

/** The engine, loaded at the first call: importing this package costs nothing. */
function engine(): Promise<Engine> {
  loading ??= import("onnxruntime-node").then(({ default: ort }): Engine => {
    ort.env.logLevel = "fatal";
    return ort;
  }, (error) => {
    throw new Error(
      `Cannot load the inference engine onnxruntime-node: ${(error as Error).message}; ` +
        `expected its binary in node_modules and permission to use it (deno run --allow-ffi)`,
    );
  });
  return loading;
}

/** The engine's version, part of the key of optimised copies. */
export async function engineVersion(): Promise<string> {
  const { versions } = (await engine()).env;
  return versions.node ?? versions.common;
}

/** Loads a graph from a file, or from bytes. */
export async function createOnnxSession(
  source: string | Uint8Array,
  { device, threads, optimised = false, writeTo, lowMemory = false, arena = true, plan = true }:
    OnnxSessionSettings,
): Promise<OnnxSession> {
  const ort = await engine();
  const session = await ort.InferenceSession.create(source as string, {
    // The engine does not fall back from a provider that cannot start: one at a time.
    executionProviders: [device],
    intraOpNumThreads: threads,
    graphOptimizationLevel: optimised ? "disabled" : "all",
    enableCpuMemArena: arena,
    enableMemPattern: plan,
    logSeverityLevel: 4, // it throws the same text that it would print
    ...(writeTo === undefined ? {} : { optimizedModelFilePath: writeTo.model }),
    extra: {
      session: {
        // A pipeline holds several sessions; their idle threads must not spin.
        force_spinning_stop: "1",
        ...(lowMemory ? { disable_prepacking: "1" } : {}),
        ...(writeTo === undefined ? {} : {
          optimized_model_external_initializers_file_name: writeTo.data,
          optimized_model_external_initializers_min_size_in_bytes: "1024",
          // Else each load packs the weights of MatMul anew, into private memory.
          save_external_prepacked_constant_initializers: "1",
        }),
      },
    },
  });
  return {
    inputs: session.inputMetadata.map(describeValue),
    outputs: session.outputMetadata.map(describeValue),
    async run(feeds: readonly EncodedTensor[], outputs: readonly string[]) {
      const inputs = Object.fromEntries(feeds.map((feed) => [feed.name, toOnnx(ort.Tensor, feed)]));
      const results = await session.run(inputs, outputs);
      return outputs.map((name) => fromOnnx(name, results[name]!));
    },
    release: () => session.release(),
  };
}
