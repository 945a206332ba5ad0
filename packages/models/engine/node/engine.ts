import type { Engine } from "../engine.ts";
import { openSession } from "./open_session.ts";
import { probeDevices } from "./probe_devices.ts";

const engine: Engine = { name: "onnxruntime-node", probe: probeDevices, open: openSession };

/**
 * onnxruntime-node, in a thread of its own: what opens graphs where no other engine is named. It takes
 * paths, `file:` addresses, and bytes of models that hold their weights.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { nodeEngine } from "@shum/models/node";
 *
 * const address = new URL("https://example.com/model.onnx");
 * await assertRejects(() => nodeEngine().open(address), TypeError, "onnxruntime-node");
 * ```
 */
export function nodeEngine(): Engine {
  return engine;
}
