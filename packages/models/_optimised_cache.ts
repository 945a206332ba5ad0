import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { cpus, homedir, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fuseAttention } from "./_fuse_attention.ts";
import type { OnnxModel } from "./onnx_model.ts";

// Optimised copies of CPU models: constants folded, weights already in the layout of this
// processor's kernels and mapped from disk. Loading takes a tenth of the time and, for
// convolutions, no private memory.

/** Raised whenever copies are written another way. */
const recipe = 3;
/** Smaller models load fast enough as they are. */
const smallestSource = 8 * 2 ** 20;
/** All copies together; the least recently used go first. */
const largestCache = 24 * 2 ** 30;
const entryName = /^[0-9a-f]{32}(\.[0-9a-f]{8}\.tmp)?$/;
const staleAfter = 24 * 3600 * 1000;

/**
 * The folder of optimised copies: SHUM_OPTIMISED_CACHE, or `shum/optimised` in the user's cache
 * folder. `false` when that variable is "off", or no folder can be told.
 */
export function defaultCacheDir(): string | false {
  const env = (name: string): string | undefined => {
    try {
      const value = Deno.env.get(name);
      return value === "" ? undefined : value;
    } catch {
      return undefined; // not permitted: no cache
    }
  };
  const own = env("SHUM_OPTIMISED_CACHE");
  if (own !== undefined) return own === "off" ? false : own;
  try {
    const base = platform() === "win32"
      ? env("LOCALAPPDATA")
      : platform() === "darwin"
      ? join(homedir(), "Library", "Caches")
      : env("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
    return base === undefined ? false : join(base, "shum", "optimised");
  } catch {
    return false;
  }
}

/** Where the optimised copy of a model belongs; undefined when it is too small to be worth one. */
export function optimisedPath(
  cacheDir: string,
  path: string,
  model: OnnxModel,
  engine: string,
): string | undefined {
  const files = [path, ...model.externalFiles.map((file) => join(dirname(path), file))];
  const stats = files.map((file) => fs.statSync(file));
  if (stats.reduce((sum, { size }) => sum + size, 0) < smallestSource) return undefined;
  const hash = createHash("sha256").update(`${recipe}\n${engine}\n${processor()}\n`);
  for (const [i, { size, mtimeMs }] of stats.entries()) {
    hash.update(`${fs.realpathSync(resolve(files[i]!))}\n${size}\n${mtimeMs}\n`);
  }
  return join(cacheDir, hash.digest("hex").slice(0, 32), "model.onnx");
}

/** True if the copy exists; marks it as used. */
export function useOptimised(copy: string): boolean {
  if (!fs.existsSync(copy)) return false;
  try {
    fs.utimesSync(dirname(copy), new Date(), new Date());
  } catch {
    // A read-only cache serves just as well.
  }
  return true;
}

/**
 * Writes a copy with `write`, first under another name, so that no process sees half of it.
 *
 * @returns false if it could not be written (no room, no permission): a copy is never needed.
 */
export async function writeOptimised(
  copy: string,
  bytes: number,
  write: (target: { model: string; data: string }) => Promise<void>,
): Promise<boolean> {
  const folder = dirname(copy);
  const temporary = `${folder}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    fs.mkdirSync(temporary, { recursive: true });
    const { bavail, bsize } = fs.statfsSync(temporary);
    if (bavail * bsize < 1.5 * bytes + 2 ** 30) return false;
    await write({ model: join(temporary, "model.onnx"), data: "model.onnx_data" });
    // Another process may have been faster; its copy is as good.
    if (!fs.existsSync(folder)) fs.renameSync(temporary, folder);
    evict(dirname(folder), folder);
    return fs.existsSync(copy);
  } catch {
    return false;
  } finally {
    remove(temporary);
  }
}

/** Where the same copy lies with its attention fused; undefined if it has none. */
export function fusedPath(copy: string): string | undefined {
  const path = join(dirname(copy), "fused.onnx");
  return fs.existsSync(path) ? path : undefined;
}

/** Writes, beside a copy whose attention can be fused, the graph in which it is; they share weights. */
export function writeFused(copy: string): void {
  try {
    const fused = fuseAttention(fs.readFileSync(copy));
    if (fused) fs.writeFileSync(join(dirname(copy), "fused.onnx"), fused);
  } catch {
    // A graph that cannot be read here, or no room: the copy serves as it is.
  }
}

/** Removes a copy that does not load. */
export function dropOptimised(copy: string): void {
  remove(dirname(copy));
}

function remove(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Not ours to remove, or not there: the original serves.
  }
}

/** Removes the least recently used copies until the rest fit, and what crashed writers left. */
export function evict(cacheDir: string, keep: string, limit: number = largestCache): void {
  // Only what we wrote: the folder may be anyone's.
  const ours = fs.readdirSync(cacheDir).filter((name) => entryName.test(name));
  const entries = ours.map((name) => {
    const folder = join(cacheDir, name);
    const files = fs.readdirSync(folder);
    const size = files.reduce((sum, file) => sum + fs.statSync(join(folder, file)).size, 0);
    return { folder, size, used: fs.statSync(folder).mtimeMs };
  }).sort((a, b) => a.used - b.used);
  let total = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { folder, size, used } of entries) {
    const stale = folder.endsWith(".tmp") && Date.now() - used > staleAfter;
    if (!stale && (total <= limit || folder === keep || folder.endsWith(".tmp"))) continue;
    remove(folder);
    total -= size;
  }
}

/** The layout of reordered weights depends on the processor's vector width. */
function processor(): string {
  try {
    const flags = /^(?:flags|Features)\s*:.*$/m.exec(fs.readFileSync("/proc/cpuinfo", "utf8"));
    if (flags) return flags[0];
  } catch {
    // Not Linux, or not permitted.
  }
  try {
    return `${platform()} ${cpus()[0]?.model ?? ""}`;
  } catch {
    return platform(); // not permitted: a copy that this processor cannot run is made anew
  }
}
