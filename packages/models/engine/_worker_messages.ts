import type { EncodedTensor } from "./_feeds.ts";
import type { Device, TensorInfo } from "../session.ts";

// What the workers of every engine are told and answer alike; how a graph is opened is each one's own.

/** A graph that was opened. */
export interface OpenReply {
  readonly device: Device;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** A run of an open graph. */
export interface RunRequest {
  readonly session: number;
  readonly feeds: readonly EncodedTensor[];
  readonly outputs: readonly string[];
}

/** What a run gave. */
export interface RunReply {
  readonly outputs: readonly EncodedTensor[];
  /** The buffers of the feeds, to be used again. */
  readonly returned: readonly ArrayBuffer[];
}

/** An answer; errors cross by name and message, since their class does not survive. */
export type ReplyMessage =
  | { readonly ok: true; readonly reply: unknown }
  | { readonly ok: false; readonly name: string; readonly message: string };

/** An error that crossed, with its class again. */
export function revive(
  { name, message }: { readonly name: string; readonly message: string },
): Error {
  if (name === "TypeError") return new TypeError(message);
  if (name === "RangeError") return new RangeError(message);
  if (name === "SyntaxError") return new SyntaxError(message);
  return new Error(message);
}
