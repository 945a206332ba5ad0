import type { OpenReply, RunReply, RunRequest } from "../_worker_messages.ts";
import type { DeviceProbe } from "../../session.ts";

/** What a page's worker runs graphs on. */
export type WebDevice = "webgpu" | "cpu";

/** What the page may ask of its worker, and what it gets. */
export interface Requests {
  probe: { request: Record<never, never>; reply: readonly DeviceProbe[] };
  open: { request: OpenRequest; reply: OpenReply };
  run: { request: RunRequest; reply: RunReply };
  release: { request: { readonly session: number }; reply: null };
}

export interface OpenRequest {
  readonly session: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What messages call the graph. */
  readonly path: string;
  readonly device: WebDevice | "auto";
  readonly threads: number;
  /** The folder of the engine's .wasm and .mjs. */
  readonly wasmPaths: string;
}

export interface RequestMessage {
  readonly kind: keyof Requests;
  readonly request: unknown;
}
