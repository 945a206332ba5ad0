/**
 * One writer per blob among all processes: an advisory lock on a file that stays behind, as
 * huggingface_hub does it, so that both respect each other. A process that dies lets go of it.
 *
 * @module
 */

import { dirname } from "node:path";
import { delay } from "./_pace.ts";

const POLL_MS = 100;

/** Runs `work` while holding the lock at `path`; waits for whoever holds it, until aborted. */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await Deno.mkdir(dirname(path), { recursive: true });
  using file = await Deno.open(path, { create: true, write: true });
  while (!await file.tryLock(true)) await delay(POLL_MS, signal);
  try {
    return await work();
  } finally {
    await file.unlock();
  }
}
