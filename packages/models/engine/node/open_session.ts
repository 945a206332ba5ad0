import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { engineWorker } from "./_worker_client.ts";
import { BufferPool, decodeTensor, encodeFeeds } from "../_feeds.ts";
import { defaultCacheDir } from "./_optimised_cache.ts";
import type { GraphSource } from "../engine.ts";
import { describeSource, withPath } from "../_graph_source.ts";
import type { OpenReply } from "./_protocol.ts";
import { hubCacheFolder } from "../../hub/_folder.ts";
import { chooseDevices } from "../providers.ts";
import { probeDevices } from "./probe_devices.ts";
import type { Device, RunSettings, Session, SessionOptions, TensorInfo } from "../../session.ts";
import type { Tensor } from "../../tensor.ts";

let lastSession = 0;

/** See {@linkcode openSession} of `platform.ts`. */
export async function openSession(
  given: GraphSource,
  options: SessionOptions = {},
): Promise<Session> {
  const source = withPath(given);
  if (source instanceof URL) {
    throw new TypeError(
      `Cannot open "${source}": the engine onnxruntime-node takes files; expected the path of one, ` +
        `its file: address, or a model's bytes`,
    );
  }
  const path = typeof source === "string" ? source : describeSource(source);
  return await engineWorker.hold(async () => {
    const { device = "auto", threads, signal, lowMemory = false } = options;
    const cacheDir = options.cacheDir ?? defaultCacheDir();
    // Plain CPU needs no probing, which would wake graphics drivers.
    const devices = device === "cpu"
      ? ["cpu" as const]
      : chooseDevices(device, await abortable(probeDevices(), signal));
    const request = {
      session: ++lastSession,
      source: typeof source === "string" ? resolve(source) : source,
      devices,
      threads: clampThreads(threads),
      cacheDir: cacheDir === false ? false : resolve(cacheDir),
      lowMemory,
      linkDir: linkDir(),
    } as const;
    const reply = await engineWorker.request("open", request, [], signal, () => {
      engineWorker.request("release", request).catch(() => {});
    });
    return new WorkerSession(path, request.session, reply);
  });
}

class WorkerSession implements Session {
  readonly path: string;
  readonly device: Device;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #id: number;
  readonly #pool = new BufferPool();
  #closing: Promise<void> | undefined;

  constructor(path: string, id: number, reply: OpenReply) {
    this.path = path;
    this.device = reply.device;
    this.inputs = reply.inputs;
    this.outputs = reply.outputs;
    this.inputNames = reply.inputs.map(({ name }) => name);
    this.outputNames = reply.outputs.map(({ name }) => name);
    this.#id = id;
    if (reply.device === "webgpu") engineWorker.pin();
    engineWorker.opened(this.#close);
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { signal, outputs = this.outputNames }: RunSettings = {},
  ): Promise<Record<string, Tensor>> {
    if (this.#closing) throw new Error(`Cannot run "${this.path}": the session is closed`);
    signal?.throwIfAborted();
    for (const name of outputs) {
      if (!this.outputNames.includes(name)) {
        throw new TypeError(
          `Cannot run "${this.path}": output "${name}" is unknown; expected ${
            this.outputNames.join(", ")
          }`,
        );
      }
    }
    const encoded = encodeFeeds(this.path, this.inputs, feeds, this.#pool);
    const reply = await engineWorker.request(
      "run",
      { session: this.#id, feeds: encoded, outputs },
      encoded.map(({ buffer }) => buffer),
      signal,
    );
    for (const buffer of reply.returned) this.#pool.give(buffer);
    return Object.fromEntries(reply.outputs.map((value) => [value.name, decodeTensor(value)]));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  /** Waits for the runs that were asked for before it. */
  readonly #close = (): Promise<void> =>
    this.#closing ??= engineWorker.close(this.#id, this.#close);
}

function linkDir(): string | undefined {
  try {
    return resolve(hubCacheFolder());
  } catch {
    return undefined; // no permission to ask for it
  }
}

function clampThreads(threads: number | undefined): number {
  const cores = availableParallelism();
  if (threads === undefined) return cores;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(
      `Cannot open session: threads is ${threads}; expected a whole number from 1 to ${cores}`,
    );
  }
  // The engine has no upper bound of its own and takes seconds to start a thousand.
  return Math.min(threads, cores);
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
