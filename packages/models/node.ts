/**
 * `@shum/models/node`: what needs Deno, Node or Bun. The main module loads this one when it is first
 * needed; import it yourself to name the engine, or where a bundler for servers must find it.
 *
 * @example The engine by name
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nodeEngine } from "@shum/models/node";
 *
 * assertEquals(nodeEngine().name, "onnxruntime-node");
 * ```
 *
 * @module
 */
export { nodeEngine } from "./engine/node/engine.ts";
export { openSession } from "./engine/node/open_session.ts";
export { probeDevices } from "./engine/node/probe_devices.ts";
export { downloadFromHub } from "./hub/hub.ts";
export { cachedModels } from "./repository/_cached.ts";
export { openRepository } from "./repository/repository.ts";
