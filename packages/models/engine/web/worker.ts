/**
 * `@shum/models/web/worker`: the module worker in which onnxruntime-web lives, to be bundled into a
 * file of its own and named by the option `worker` of `web()`. It answers one request at a time.
 *
 * @module
 */
// @ts-types="onnxruntime-common"
import * as wasm from "onnxruntime-web/wasm";
// @ts-types="onnxruntime-common"
import * as webgpu from "onnxruntime-web/webgpu";
import type { InferenceSession } from "onnxruntime-common";
import { readCheckedBytes } from "../_checked_bytes.ts";
import { translateError } from "../_errors.ts";
import { describeValue, fromOnnx, toOnnx } from "../_onnx_tensors.ts";
import type { OnnxModel } from "../../onnx/model.ts";
import type { OpenRequest, RequestMessage, WebDevice } from "./_protocol.ts";
import type { OpenReply, ReplyMessage, RunReply, RunRequest } from "../_worker_messages.ts";
import { probeWebDevices } from "./_probe.ts";

interface Loaded {
  readonly session: InferenceSession;
  readonly path: string;
  readonly device: WebDevice;
}

const sessions = new Map<number, Loaded>();
const engines = { cpu: wasm, webgpu };
const scope = globalThis as unknown as Worker;

scope.addEventListener("message", async ({ data }: MessageEvent<RequestMessage>) => {
  const { kind, request } = data;
  try {
    if (kind === "probe") answer(await probeWebDevices());
    else if (kind === "open") answer(await open(request as OpenRequest));
    else if (kind === "run") {
      const reply = await run(request as RunRequest);
      answer(reply, [...reply.outputs.map(({ buffer }) => buffer), ...reply.returned]);
    } else answer(await release((request as { session: number }).session));
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    scope.postMessage({ ok: false, name, message } satisfies ReplyMessage);
  }
});

function answer(reply: unknown, transfer: ArrayBuffer[] = []): void {
  scope.postMessage({ ok: true, reply } satisfies ReplyMessage, transfer);
}

async function open(request: OpenRequest): Promise<OpenReply> {
  const { bytes, path, threads, wasmPaths } = request;
  const model = readCheckedBytes(bytes);
  const devices = request.device === "auto" ? await devicesFor(model) : [request.device];
  for (const [i, device] of devices.entries()) {
    try {
      const { env, InferenceSession } = engines[device];
      env.logLevel = "fatal";
      env.wasm.wasmPaths = wasmPaths;
      env.wasm.numThreads = threads; // counts until the first session; one where memory is not shared
      const session = await InferenceSession.create(bytes, {
        executionProviders: [device === "cpu" ? "wasm" : device],
        logSeverityLevel: 4, // it throws the same text that it would print
      });
      sessions.set(request.session, { session, path, device });
      const inputs = session.inputMetadata.map(describeValue);
      return { device, inputs, outputs: session.outputMetadata.map(describeValue) };
    } catch (error) {
      // "auto" goes on to the next device, and ends with the plainest one's reason.
      if (i === devices.length - 1) throw translateError(error, { path, device, during: "load" });
    }
  }
  throw new RangeError(`Cannot load "${path}": no device was given`);
}

/** Quantised graphs stay on the processor: WebGPU has no operators for 8 bits, and some went wrong. */
async function devicesFor(model: OnnxModel): Promise<readonly WebDevice[]> {
  const quantised = [...model.operators.keys()].some((name) =>
    /Quantize|Integer|QLinear/.test(name)
  );
  if (quantised) return ["cpu"];
  const gpu = (await probeWebDevices()).find(({ device }) => device === "webgpu");
  return gpu?.available && gpu.software === undefined ? ["webgpu", "cpu"] : ["cpu"];
}

async function run({ session: id, feeds, outputs }: RunRequest): Promise<RunReply> {
  const { session, path, device } = sessions.get(id)!;
  const { Tensor } = engines[device];
  try {
    const inputs = Object.fromEntries(feeds.map((feed) => [feed.name, toOnnx(Tensor, feed)]));
    const results = await session.run(inputs, outputs);
    return {
      outputs: outputs.map((name) => fromOnnx(name, results[name]!)),
      returned: feeds.map(({ buffer }) => buffer),
    };
  } catch (error) {
    throw translateError(error, { path, device, during: "run" });
  }
}

async function release(id: number): Promise<null> {
  const loaded = sessions.get(id);
  sessions.delete(id);
  await loaded?.session.release();
  return null;
}
