import type { EncodedTensor } from "../_feeds.ts";
import type { DeviceProbe, TensorInfo } from "../../session.ts";

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

export interface OpenReply {
  readonly device: WebDevice;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

export interface RunRequest {
  readonly session: number;
  readonly feeds: readonly EncodedTensor[];
  readonly outputs: readonly string[];
}

export interface RunReply {
  readonly outputs: readonly EncodedTensor[];
  /** The buffers of the feeds, to be used again. */
  readonly returned: readonly ArrayBuffer[];
}

export interface RequestMessage {
  readonly kind: keyof Requests;
  readonly request: unknown;
}

/** An answer; errors cross by name and message, since their class does not survive. */
export type ReplyMessage =
  | { readonly ok: true; readonly reply: unknown }
  | { readonly ok: false; readonly name: string; readonly message: string };
