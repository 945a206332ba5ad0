import { describeSource } from "../_graph_source.ts";
import type { Engine, GraphSource } from "../engine.ts";
import type { Session, SessionOptions } from "../../session.ts";
import type { WebDevice } from "./_protocol.ts";
import { probeWebDevices } from "./_probe.ts";
import { WorkerClient } from "./_worker_client.ts";
import { WorkerSession } from "../_worker_session.ts";

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
      const { session } = request;
      return new WorkerSession(path, session, reply, client, () => client.close(session));
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
