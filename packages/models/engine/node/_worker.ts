import process from "node:process";
import { parentPort } from "node:worker_threads";
import { readablePlace } from "../../files/_side_by_side.ts";
import { weightsOf } from "../../files/_weights.ts";
import { describeSource } from "../_graph_source.ts";
import { readCheckedBytes } from "../_checked_bytes.ts";
import { checkOperators, readCheckedModel } from "./_check.ts";
import {
  dropOptimised,
  fusedPath,
  optimisedPath,
  useOptimised,
  writeFused,
  writeOptimised,
} from "./_optimised_cache.ts";
import { probeInThisThread } from "./_probe.ts";
import { trimMemory } from "./_trim_memory.ts";
import { translateError } from "../_errors.ts";
import type { OpenRequest, RequestMessage, TimedRunReply } from "./_protocol.ts";
import type { OpenReply, ReplyMessage, RunRequest } from "../_worker_messages.ts";
import { createOnnxSession, engineVersion, type OnnxSession } from "./_onnx_session.ts";
import type { OnnxModel } from "../../onnx/model.ts";
import type { Device } from "../../session.ts";

// The thread in which the engine lives. It answers one request at a time, in order.

interface Loaded {
  readonly session: OnnxSession;
  readonly path: string;
  readonly device: Device;
}

const sessions = new Map<number, Loaded>();

// Not `on("message")`: in Deno that walks every element of every buffer in search of ports.
(parentPort as unknown as EventTarget).addEventListener("message", async (event) => {
  const { kind, request } = (event as MessageEvent<RequestMessage>).data;
  try {
    if (kind === "probe") answer(await probeInThisThread());
    else if (kind === "open") answer(await open(request as OpenRequest));
    else if (kind === "run") {
      const reply = await run(request as RunRequest);
      const buffers = [...reply.outputs.map(({ buffer }) => buffer), ...reply.returned];
      answer(reply, buffers);
    } else if (kind === "end") await end(request as Int32Array);
    else if (kind === "leave") {
      await end(request as Int32Array);
      process.exit();
    } else answer(await release((request as { session: number }).session));
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    parentPort!.postMessage({ ok: false, name, message } satisfies ReplyMessage);
  }
});

function answer(reply: unknown, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage({ ok: true, reply } satisfies ReplyMessage, transfer);
}

async function open(request: OpenRequest): Promise<OpenReply> {
  const { source } = request;
  const model = typeof source === "string" ? readCheckedModel(source) : readCheckedBytes(source);
  const path = typeof source === "string" ? source : describeSource(source);
  for (const [i, device] of request.devices.entries()) {
    try {
      checkOperators(path, model, device);
      const session = await load(request, model, device);
      trimMemory(); // what loading took and the session does not keep
      sessions.set(request.session, { session, path, device });
      return { device, inputs: session.inputs, outputs: session.outputs };
    } catch (error) {
      // "auto" goes on to the next device, and ends with the plainest one's reason.
      if (i < request.devices.length - 1) continue;
      throw translateError(error, { path, device, during: "load" });
    }
  }
  throw new RangeError(`Cannot load "${path}": no device was given`);
}

/**
 * Bytes of weights from which a network gives back what a run took: the scores of its attention can
 * take gigabytes, which would lie idle while the VAE needs its own. Faulting them in anew costs
 * seconds, so with fused attention the little it takes is kept.
 */
const largeModel = 128 * 2 ** 20;

async function load(request: OpenRequest, model: OnnxModel, device: Device): Promise<OnnxSession> {
  const { source: path, threads, cacheDir, lowMemory, linkDir } = request;
  const bytes = model.initializers.reduce((sum, { length }) => sum + length, 0);
  const large = bytes >= largeModel;
  const settings = { device, threads, lowMemory, arena: !large };
  if (typeof path !== "string") return createOnnxSession(path, settings);
  const place = async () =>
    linkDir === undefined ? path : await readablePlace(path, weightsOf(path, model), linkDir);
  const original = async () => await createOnnxSession(await place(), settings);
  // GPU providers keep weights on their own side; there is nothing to map.
  if (device !== "cpu" || cacheDir === false) return original();
  const version = await engineVersion();
  const copyOf = () => optimisedPath(cacheDir, path, model, version);
  const copy = copyOf();
  if (copy === undefined) return original();
  const optimised = async () => {
    const fused = fusedPath(copy);
    if (fused !== undefined) {
      // Where the arena keeps memory, a planned block would only come on top.
      const memory = large && !lowMemory ? { arena: true, plan: false } : {};
      try {
        return await createOnnxSession(fused, { ...settings, ...memory, optimised: true });
      } catch {
        // The engine does not take it (say, attention in float16): then as it was exported.
      }
    }
    return await createOnnxSession(copy, { ...settings, optimised: true });
  };
  if (useOptimised(copy)) {
    try {
      return await optimised();
    } catch {
      dropOptimised(copy);
    }
  }
  const written = await writeOptimised(copy, bytes, async (writeTo) => {
    const session = await createOnnxSession(await place(), { ...settings, writeTo });
    await session.release();
    trimMemory();
    writeFused(writeTo.model);
    if (copyOf() !== copy) throw new Error("the model was replaced meanwhile");
  });
  if (!written || !useOptimised(copy)) return original();
  try {
    return await optimised();
  } catch {
    dropOptimised(copy);
    return original();
  }
}

async function run({ session: id, feeds, outputs }: RunRequest): Promise<TimedRunReply> {
  const loaded = sessions.get(id);
  if (!loaded) {
    throw new Error(
      "Cannot run: the engine's thread failed since the session was opened; reopen it",
    );
  }
  const { session, path, device } = loaded;
  try {
    const start = performance.now();
    const results = await session.run(feeds, outputs);
    const milliseconds = performance.now() - start;
    return { outputs: results, milliseconds, returned: feeds.map(({ buffer }) => buffer) };
  } catch (error) {
    throw translateError(error, { path, device, during: "run" });
  }
}

/** The process ends as soon as `released` is set; nobody waits for an answer. */
async function end(released: Int32Array): Promise<void> {
  for (const id of [...sessions.keys()]) await release(id);
  Atomics.store(released, 0, 1);
  Atomics.notify(released, 0);
}

async function release(id: number): Promise<null> {
  const loaded = sessions.get(id);
  sessions.delete(id);
  await loaded?.session.release();
  trimMemory();
  return null;
}
