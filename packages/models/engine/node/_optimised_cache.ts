import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { cpus, platform } from "node:os";
import { homeFolder } from "../../hub/_folder.ts";
import { basename, dirname, join } from "node:path";
import { markUsed, publish, removeFolder } from "../../files/_cache_folder.ts";
import { environment } from "../../files/_builtin.ts";
import { contentHash, hashFile, rememberHashes } from "../../files/_content_hash.ts";
import { fuseAttention } from "../../onnx/_fuse_attention.ts";
import type { OnnxModel } from "../../onnx/model.ts";

// Optimised copies of CPU models: constants folded, weights already in the layout of this
// processor's kernels and mapped from disk. Loading takes a tenth of the time and, for
// convolutions, no private memory.

/** Raised whenever copies are written another way. */
const recipe = 4;
/** Smaller models load fast enough as they are. */
const smallestSource = 8 * 2 ** 20;
/**
 * The folder of optimised copies: SHUM_OPTIMISED_CACHE, or `shum/optimised` in the user's cache
 * folder. `false` when that variable is "off", or no folder can be told.
 */
export function defaultCacheDir(): string | false {
  const own = environment("SHUM_OPTIMISED_CACHE");
  if (own !== undefined) return own === "off" ? false : own;
  try {
    const base = platform() === "win32"
      ? environment("LOCALAPPDATA")
      : platform() === "darwin"
      ? join(homeFolder(), "Library", "Caches")
      : environment("XDG_CACHE_HOME") ?? join(homeFolder(), ".cache");
    return base === undefined ? false : join(base, "shum", "optimised");
  } catch {
    return false;
  }
}

/**
 * Where the optimised copy of a model belongs; undefined when it is too small to be worth one.
 *
 * The name is made of what graph and weights hold, not of where they lie or when they were written:
 * another model in their place never gets their copy.
 */
export function optimisedPath(
  cacheDir: string,
  path: string,
  model: OnnxModel,
  engine: string,
): string | undefined {
  const files = [path, ...model.externalFiles.map((file) => join(dirname(path), file))];
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  if (bytes < smallestSource) return undefined;
  const hash = createHash("sha256").update(`${recipe}\n${engine}\n${processor()}\n`);
  for (const file of files) hash.update(`${contentHash(file, cacheDir)}\n`);
  return join(cacheDir, hash.digest("hex").slice(0, 32), "model.onnx");
}

/** Its files, and what they held when they were written. */
const manifestName = "manifest.json";

/** Size and sha256 of each file of a copy. */
type Manifest = Readonly<Record<string, { readonly size: number; readonly sha256: string }>>;

/**
 * Whether there is a copy whose files hold what was written; marks it as used. A damaged one is
 * removed. Files are read whole only when they have changed since they were last, see
 * {@linkcode contentHash}.
 */
export function useOptimised(copy: string): boolean {
  const folder = dirname(copy);
  if (!fs.existsSync(folder)) return false;
  try {
    const manifest = readManifest(folder);
    const cacheDir = dirname(folder);
    const whole = basename(copy) in manifest &&
      Object.entries(manifest).every(([name, { size, sha256 }]) => {
        const path = join(folder, name);
        return fs.statSync(path).size === size && contentHash(path, cacheDir) === sha256;
      });
    if (whole) {
      markUsed(folder);
      return true;
    }
  } catch {
    // A file is missing, or the manifest is not one.
  }
  dropOptimised(copy);
  return false;
}

function readManifest(folder: string): Manifest {
  const path = join(folder, manifestName);
  if (fs.statSync(path).size > 1 << 16) throw new SyntaxError("it is too long");
  return JSON.parse(fs.readFileSync(path, "utf8"));
}

/** Describes the files of a folder; written last, so that what has one is whole. */
export function writeManifest(folder: string): Manifest {
  const manifest: Manifest = Object.fromEntries(
    fs.readdirSync(folder).filter((name) => name !== manifestName).sort().map((name) => {
      const path = join(folder, name);
      return [name, { size: fs.statSync(path).size, sha256: hashFile(path) }];
    }),
  );
  fs.writeFileSync(join(folder, manifestName), JSON.stringify(manifest, null, 1));
  return manifest;
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
  const entry = dirname(copy);
  let manifest: Manifest = {};
  try {
    const published = await publish(entry, async (folder) => {
      const { bavail, bsize } = fs.statfsSync(folder);
      if (bavail * bsize < 1.5 * bytes + 2 ** 30) throw new Error("there is no room");
      await write({ model: join(folder, basename(copy)), data: "model.onnx_data" });
      manifest = writeManifest(folder);
    });
    if (published) {
      const hashes = Object.entries(manifest).map(([name, { sha256 }]) =>
        [join(entry, name), sha256] as const
      );
      rememberHashes(dirname(entry), hashes);
    }
    return true;
  } catch {
    return false;
  }
}

/** Where the same copy lies with its attention fused; undefined if it has none. */
export function fusedPath(copy: string): string | undefined {
  const fused = "fused.onnx";
  return fused in readManifest(dirname(copy)) ? join(dirname(copy), fused) : undefined;
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
  removeFolder(dirname(copy));
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
