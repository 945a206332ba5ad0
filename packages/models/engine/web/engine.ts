import { BufferPool, decodeTensor, encodeFeeds } from "../_feeds.ts";
import { describeSource } from "../_graph_source.ts";
import type { Engine, GraphSource } from "../engine.ts";
import type { Device, RunSettings, Session, SessionOptions, TensorInfo } from "../../session.ts";
import type { Tensor } from "../../tensor.ts";
import type { OpenReply, WebDevice } from "./_protocol.ts";
import { probeWebDevices } from "./_probe.ts";
import { WorkerClient } from "./_worker_client.ts";

/** How {@linkcode web} finds its parts. */
export interface WebOptions {
  /**
   * Where the bundle of `@shum/models/web/worker` is served; of the page's own origin. Default:
   * `worker.js` beside this module.
   */
  readonly worker?: string | URL | undefined;
  /**
   * The folder where the engine's `ort-wasm-*.wasm` and `.mjs` are served. Default: `ort/` beside the
   * worker.
   */
  readonly wasmPaths?: string | URL | undefined;
  /** Threads, unless a session says it; default: what the browser says it has, 8 at most. */
  readonly threads?: number | undefined;
  /** The device of sessions that name none; default: WebGPU where it serves the graph, else wasm. */
  readonly device?: WebDevice | "auto" | undefined;
}

/**
 * onnxruntime-web in a module worker: WebGPU, or WebAssembly with SIMD, and threads where the page is
 * isolated (headers `Cross-Origin-Opener-Policy: same-origin`, `Cross-Origin-Embedder-Policy:
 * require-corp`). It takes addresses, relative to the page too, and bytes of models that hold their
 * weights.
 *
 * @param options Where its parts are served, and what it runs on.
 * @returns An engine with a worker of its own, which starts with the first session and ends with the
 * last.
 *
 * @example It runs in a page
 * ```ts no-assert
 * import { web, webFiles } from "@shum/models/web";
 * import { fromPretrained } from "@shum/pipelines";
 *
 * async function draw(prompt: string) {
 *   const files = await webFiles("./models/shum-emoji-256");
 *   await using pipeline = await fromPretrained(files, { engine: web({ worker: "./worker.js" }) });
 *   return await pipeline.generate({ prompt }, { seed: 1 });
 * }
 * ```
 */
export function web(options: WebOptions = {}): Engine {
  let last = 0;
  const workerUrl = () => address(options.worker ?? new URL("worker.js", import.meta.url));
  const client = new WorkerClient(() => new Worker(workerUrl(), { type: "module" }));
  return {
    name: "onnxruntime-web",
    probe: probeWebDevices,
    async open(source: GraphSource, settings: SessionOptions = {}): Promise<Session> {
      const { device = options.device ?? "auto", signal } = settings;
      if (device !== "auto" && device !== "cpu" && device !== "webgpu") {
        throw new RangeError(
          `Cannot use device "${device}": a page has no such; expected auto, webgpu, cpu`,
        );
      }
      const path = describeSource(source).replaceAll('"', "");
      const bytes = await readBytes(source, signal);
      const request = {
        session: ++last,
        bytes,
        path,
        device,
        threads: threadsOf(settings.threads ?? options.threads),
        wasmPaths: address(options.wasmPaths ?? new URL("ort/", workerUrl())).href,
      };
      const reply = await client.request(
        "open",
        request,
        [],
        signal,
        () => client.close(request.session),
      );
      return new WebSession(client, request.session, path, reply);
    },
  };
}

/** Relative to the page. */
function address(url: string | URL): URL {
  return new URL(url, (globalThis.location as Location | undefined)?.href);
}

async function readBytes(
  source: GraphSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return source as Uint8Array<ArrayBuffer>;
  const url = address(source);
  const response = await fetch(url, { signal: signal ?? null });
  if (!response.ok) {
    throw new Error(`Cannot read "${url}": the server answered ${response.status}; expected 200`);
  }
  return await response.bytes();
}

function threadsOf(threads: number | undefined): number {
  if (threads === undefined) return Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, 8);
  if (Number.isInteger(threads) && threads >= 1) return threads;
  throw new RangeError(
    `Cannot open session: threads is ${threads}; expected a whole number from 1 on`,
  );
}

class WebSession implements Session {
  readonly path: string;
  readonly device: Device;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #client: WorkerClient;
  readonly #id: number;
  readonly #pool = new BufferPool();
  #closing: Promise<void> | undefined;

  constructor(client: WorkerClient, id: number, path: string, reply: OpenReply) {
    this.path = path;
    this.device = reply.device;
    this.inputs = reply.inputs;
    this.outputs = reply.outputs;
    this.inputNames = reply.inputs.map(({ name }) => name);
    this.outputNames = reply.outputs.map(({ name }) => name);
    this.#client = client;
    this.#id = id;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { signal, outputs = this.outputNames }: RunSettings = {},
  ): Promise<Record<string, Tensor>> {
    if (this.#closing) throw new Error(`Cannot run "${this.path}": the session is closed`);
    if (this.#client.isLost(this.#id)) {
      throw new Error(
        `Cannot run "${this.path}": the worker failed since it was opened; reopen it`,
      );
    }
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
    const reply = await this.#client.request(
      "run",
      { session: this.#id, feeds: encoded, outputs },
      encoded.map(({ buffer }) => buffer),
      signal,
    );
    for (const buffer of reply.returned) this.#pool.give(buffer);
    return Object.fromEntries(reply.outputs.map((value) => [value.name, decodeTensor(value)]));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#client.close(this.#id);
  }
}
