import type { env, InferenceSession, Tensor } from "onnxruntime-node";
import type { EncodedTensor } from "../_feeds.ts";
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
  const tensor = (feed: EncodedTensor): Tensor => {
    const dims = [...feed.shape];
    if (feed.type !== "float16") {
      return new ort.Tensor(feed.type as "float32", view(feed) as Float32Array, dims);
    }
    // onnxruntime#26791: its own float16 tensor has byte length 0 where Float16Array exists.
    const half = new Uint16Array(feed.buffer);
    const made = new ort.Tensor("float16", half, dims);
    Object.defineProperty(made, "data", { value: half });
    return made;
  };
  return {
    inputs: session.inputMetadata.map(info),
    outputs: session.outputMetadata.map(info),
    async run(feeds: readonly EncodedTensor[], outputs: readonly string[]) {
      const inputs = Object.fromEntries(feeds.map((feed) => [feed.name, tensor(feed)]));
      const results = await session.run(inputs, outputs);
      return outputs.map((name) => encode(name, results[name]!));
    },
    release: () => session.release(),
  };
}

function info(metadata: InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) return { name: metadata.name, type: "not a tensor", shape: [] };
  return { name: metadata.name, type: metadata.type, shape: [...metadata.shape] };
}

function view({ type, buffer }: EncodedTensor): ArrayBufferView {
  switch (type) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    default:
      return new Uint8Array(buffer);
  }
}

/** An output, as one of the types of `Tensor`. */
function encode(name: string, tensor: Tensor): EncodedTensor {
  const shape = [...tensor.dims];
  const data = tensor.data;
  if (data instanceof Float32Array) return own(name, "float32", shape, data);
  if (data instanceof BigInt64Array) return own(name, "int64", shape, data);
  if (data instanceof Int32Array) return own(name, "int32", shape, data);
  if (data instanceof Uint8Array) return own(name, "uint8", shape, data);
  if (tensor.type === "float16" || tensor.type === "float64") {
    return own(name, "float32", shape, new Float32Array(data as unknown as Float64Array));
  }
  if (tensor.type === "string" || tensor.type === "uint64") {
    throw new TypeError(`output "${name}" is of type ${tensor.type}; expected numbers`);
  }
  return own(name, "int32", shape, Int32Array.from(data as Int16Array));
}

function own(
  name: string,
  type: string,
  shape: number[],
  data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number },
): EncodedTensor {
  const { buffer, byteOffset, byteLength } = data;
  const whole = byteOffset === 0 && byteLength === buffer.byteLength;
  const bytes = whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
  return { name, type, shape, buffer: bytes as ArrayBuffer };
}
