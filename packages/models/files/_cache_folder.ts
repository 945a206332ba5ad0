import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";

// A folder of folders that can be made anew: each is written under another name and renamed, so that
// no process sees half of it, and the least recently used go first.

/** All entries together. */
const largestCache = 24 * 2 ** 30;
const entryName = /^[0-9a-f]{32}(\.[0-9a-f]{8}\.tmp)?$/;
/** Milliseconds after which what a writer left belongs to one that crashed. */
const staleAfter = 24 * 3600 * 1000;

/** Marks an entry as used. */
export function markUsed(entry: string): void {
  try {
    fs.utimesSync(entry, new Date(), new Date());
  } catch {
    // A read-only cache serves just as well.
  }
}

/**
 * Makes an entry with `write`, first under another name, and then removes what is over the limit.
 *
 * @param youngest See {@linkcode evict}.
 * @returns false if another process was faster: then its entry stays.
 */
export async function publish(
  entry: string,
  write: (folder: string) => Promise<void>,
  youngest: number = 0,
): Promise<boolean> {
  const temporary = `${entry}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    fs.mkdirSync(temporary, { recursive: true });
    await write(temporary);
    try {
      fs.renameSync(temporary, entry);
    } catch (error) {
      if (!fs.existsSync(entry)) throw error;
      return false;
    }
    evict(dirname(entry), entry, { youngest });
    return true;
  } finally {
    removeFolder(temporary);
  }
}

/** Removes an entry, if that is possible. */
export function removeFolder(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Not ours to remove, or not there.
  }
}

/** Limits of {@linkcode evict}. */
export interface Limits {
  /** Bytes of all entries together. */
  readonly limit?: number;
  /** Milliseconds for which an entry stays after its last use, however many there are. */
  readonly youngest?: number;
}

/** Removes the least recently used entries until the rest fit, and what crashed writers left. */
export function evict(
  cacheDir: string,
  keep: string,
  { limit = largestCache, youngest = 0 }: Limits = {},
): void {
  // Only what we wrote: the folder may be anyone's.
  const ours = fs.readdirSync(cacheDir).filter((name) => entryName.test(name));
  const entries = ours.flatMap((name) => {
    const folder = join(cacheDir, name);
    const info = fs.lstatSync(folder);
    return info.isDirectory() ? [{ folder, size: sizeOf(folder), used: info.mtimeMs }] : [];
  }).sort((a, b) => a.used - b.used);
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { folder, size, used } of entries) {
    const age = Date.now() - used;
    const writing = folder.endsWith(".tmp");
    if (!(writing && age > staleAfter)) {
      if (total <= limit || folder === keep || writing || age < youngest) continue;
    }
    removeFolder(folder);
    total -= size;
  }
}

function sizeOf(folder: string): number {
  return fs.readdirSync(folder).reduce((sum, name) => {
    const path = join(folder, name);
    const info = fs.lstatSync(path);
    return sum + (info.isDirectory() ? sizeOf(path) : info.size);
  }, 0);
}
