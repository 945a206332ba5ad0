/**
 * Server-sent events.
 *
 * @module
 */

import type { Context } from "hono";
import { streamSSE } from "hono/streaming";

/** An event: its name, and what is sent as JSON. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Milliseconds after which a silent connection is told that it lives; proxies close others. */
const SILENCE = 15_000;

/**
 * Sends events until they end or the client goes away.
 *
 * @param events Given a signal that aborts when the client has gone.
 * @param onGone Called once when the client left before the end.
 */
export function sendEvents(
  c: Context,
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
  onGone: () => void,
): Response {
  const gone = new AbortController();
  const leave = () => {
    if (gone.signal.aborted) return;
    gone.abort();
    onGone();
  };
  return streamSSE(c, async (stream) => {
    stream.onAbort(leave);
    c.req.raw.signal.addEventListener("abort", leave);
    const beat = setInterval(() => {
      stream.write(": still here\n\n").catch(() => {});
    }, SILENCE);
    try {
      for await (const { event, data } of events(gone.signal)) {
        await stream.writeSSE({ event, data: JSON.stringify(data) });
      }
    } finally {
      clearInterval(beat);
      c.req.raw.signal.removeEventListener("abort", leave);
    }
  });
}
