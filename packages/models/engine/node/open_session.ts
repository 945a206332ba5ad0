import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { engineWorker } from "./_worker_client.ts";
import { defaultCacheDir } from "./_optimised_cache.ts";
import type { GraphSource } from "../engine.ts";
import { describeSource, withPath } from "../_graph_source.ts";
import { WorkerSession } from "../_worker_session.ts";
import { hubCacheFolder } from "../../hub/_folder.ts";
import { chooseDevices } from "../providers.ts";
import { probeDevices } from "./probe_devices.ts";
import type { Session, SessionOptions } from "../../session.ts";

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
    const { session } = request;
    const opened: WorkerSession = new WorkerSession(
      path,
      session,
      reply,
      engineWorker,
      () => engineWorker.close(session, opened.close),
    );
    if (reply.device === "webgpu") engineWorker.pin();
    engineWorker.opened(opened.close);
    return opened;
  });
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
