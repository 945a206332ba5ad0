/**
 * One writer per blob among all processes. Under Deno it is an advisory lock on a file that stays behind,
 * as huggingface_hub does it, so that both respect each other; a process that dies lets go of it. Node
 * and Bun have no such locks: there a file that only one process can make stands for it.
 *
 * @module
 */

import { mkdir, open, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { delay } from "./_pace.ts";

const POLL_MS = 100;
/** How long a file may go untouched before its maker counts as dead. */
const STALE_MS = 20_000;

/** Runs `work` while holding the lock at `path`; waits for whoever holds it, until aborted. */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const take = typeof Deno === "undefined" ? takeFile : takeLock;
  const letGo = await take(path, signal);
  try {
    return await work();
  } finally {
    await letGo();
  }
}

async function takeLock(path: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const file = await Deno.open(path, { create: true, write: true });
  try {
    while (!await file.tryLock(true)) await delay(POLL_MS, signal);
  } catch (error) {
    file.close();
    throw error;
  }
  return async () => {
    await file.unlock();
    file.close();
  };
}

/** Takes the lock where there is no flock; the function that lets go of it. */
export async function takeFile(path: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const held = `${path}.held`;
  for (;;) {
    try {
      await (await open(held, "wx")).close();
      break;
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
    }
    const touched = await stat(held).then(({ mtimeMs }) => mtimeMs, () => Date.now());
    if (Date.now() - touched > STALE_MS) await rm(held, { force: true });
    else await delay(POLL_MS, signal);
  }
  const touch = () => void utimes(held, new Date(), new Date()).catch(() => {});
  const timer = setInterval(touch, STALE_MS / 4);
  return async () => {
    clearInterval(timer);
    await rm(held, { force: true });
  };
}
