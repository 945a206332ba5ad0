/**
 * Going away: nothing new is taken, what was taken is finished if it can be in time.
 *
 * @module
 */

import type { App } from "./app.ts";

/** A server that listens, as `Deno.serve` returns it. */
export interface Listening {
  shutdown(): Promise<void>;
}

/**
 * Ends a server: refuses new jobs with 503, gives those it has `grace` seconds, cancels the rest, and
 * waits for the answers to be sent.
 */
export async function shutDown(
  { queue, state }: Pick<App, "queue" | "state">,
  server: Listening,
  grace: number,
): Promise<void> {
  state.closing = true;
  await within(queue.idle(), grace);
  await queue.cancelAll();
  await queue.idle();
  await within(server.shutdown(), LAST_ANSWERS); // a client that does not read holds nobody up
}

/** Seconds that the last answers are given. */
const LAST_ANSWERS = 5;

/** Waits for something, but not for ever. */
async function within(work: Promise<void>, seconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
