import { createRequire } from "node:module";
import { arch } from "node:process";

/**
 * The engine's library on Linux. What the C library offers is found through it as well, since it is
 * linked to that: with Deno's permission for the folder of the engine alone.
 */
export function engineLibrary(): string {
  const index = createRequire(import.meta.url).resolve("onnxruntime-node");
  return index.replace(/dist[\\/][^\\/]+$/, `bin/napi-v6/linux/${arch}/libonnxruntime.so.1`);
}
