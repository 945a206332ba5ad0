import type { OpenReply, RunReply, RunRequest } from "../_worker_messages.ts";
import type { Device, DeviceProbe } from "../../session.ts";

/** What the main thread may ask of the worker, and what it gets. */
export interface Requests {
  probe: { request: Record<never, never>; reply: readonly DeviceProbe[] };
  open: { request: OpenRequest; reply: OpenReply };
  run: { request: RunRequest; reply: TimedRunReply };
  release: { request: { readonly session: number }; reply: null };
  /** Releases every session and sets the first element, which the main thread waits for. */
  end: { request: Int32Array; reply: never };
  /** Sets the first element and ends the thread: nobody wants what it does any more. */
  leave: { request: Int32Array; reply: never };
}

export interface OpenRequest {
  /** Its number from now on; never used again, not even by a thread that follows. */
  readonly session: number;
  /** The absolute path of a file, or the bytes of a model that holds its weights. */
  readonly source: string | Uint8Array;
  /** In the order to try. */
  readonly devices: readonly Device[];
  readonly threads: number;
  readonly cacheDir: string | false;
  readonly lowMemory: boolean;
  /** Where a graph goes beside its weights, if links lead them apart and there is such a folder. */
  readonly linkDir: string | undefined;
}

export interface TimedRunReply extends RunReply {
  /** How long the engine took, for bench/real_size.ts. */
  readonly milliseconds: number;
}

export type RequestKind = keyof Requests;

export interface RequestMessage {
  readonly kind: RequestKind;
  readonly request: unknown;
}
