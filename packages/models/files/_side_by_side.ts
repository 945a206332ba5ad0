import { createHash } from "node:crypto";
import {
  type BigIntStats,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { copyFile, link, mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { markUsed, publish, removeFolder } from "./_cache_folder.ts";
import { liesUnder } from "./_paths.ts";
import type { WeightsFile } from "./_weights.ts";

/** In the hub's cache folder, which is likely to be on the same file system as its blobs. */
const placeName = "shum-side-by-side";
/** Milliseconds: whoever was given a path opens it within them. */
const inUse = 3600 * 1000;

/**
 * Where the engine may load a graph from. ONNX Runtime refuses external data that, with links
 * followed, lies outside the folder of the graph as named and as followed: so it is with newer hub
 * caches, which share blobs between repositories. Then both go side by side into a folder of ours,
 * as hard links where the file system allows it; those least recently used are removed when there
 * are too many.
 *
 * @param weights What the check of the graph gave: all inside the model, whole, and not the graph.
 */
export async function readablePlace(
  graph: string,
  weights: readonly WeightsFile[],
  cacheDir: string,
): Promise<string> {
  const real = realpathSync(graph);
  const allowed = [realpathSync(dirname(graph)), dirname(real)];
  const files = [[basename(graph), real] as const].concat(
    weights.map((file) => [file.location, file.real!] as const),
  );
  if (files.every(([, file]) => allowed.some((folder) => liesUnder(file, folder)))) return graph;
  return join(await placeFor(files, cacheDir), basename(graph));
}

/**
 * Puts graphs that were written here beside the weights that they read, as {@linkcode readablePlace} does.
 *
 * @param graphs By the names of their files.
 * @param weights Names beside the graphs, and real paths.
 * @returns The folder.
 */
export async function placeTogether(
  graphs: ReadonlyMap<string, Uint8Array>,
  weights: readonly (readonly [name: string, real: string])[],
  cacheDir: string,
): Promise<string> {
  return await placeFor(weights, cacheDir, graphs);
}

/** A folder of ours with all these files in it, and those that are given as bytes. */
async function placeFor(
  files: readonly (readonly [name: string, real: string])[],
  cacheDir: string,
  written: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<string> {
  const key = createHash("sha256");
  for (const [name, file] of files) {
    const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
    key.update([name, file, dev, ino, size, mtimeNs, ""].join("\0"));
  }
  for (const [name, bytes] of written) key.update(`${name}\0`).update(bytes);
  const place = join(cacheDir, placeName, key.digest("hex").slice(0, 32));
  const whole = files.every(([name, file]) => serves(join(place, name), file)) &&
    [...written].every(([name, bytes]) => holds(join(place, name), bytes));
  if (!whole) {
    removeFolder(place);
    try {
      await publish(place, async (folder) => {
        for (const [name, file] of files) await linkOrCopy(file, join(folder, name));
        for (const [name, bytes] of written) await writeFile(join(folder, name), bytes);
      }, inUse);
    } catch (error) {
      throw new Error(
        `Cannot put graph and weights side by side in "${place}": ` +
          `${(error as Error).message}; expected room and permission to write there`,
        { cause: error },
      );
    }
  }
  markUsed(place);
  return place;
}

/** Whether a file has exactly these bytes. */
function holds(path: string, bytes: Uint8Array): boolean {
  return existsSync(path) && statSync(path).size === bytes.length &&
    readFileSync(path).equals(bytes);
}

/** Whether `placed` is the same file, or a copy that was written after the file last changed. */
function serves(placed: string, file: string): boolean {
  if (!existsSync(placed)) return false;
  const [a, b] = [placed, file].map((path) => statSync(path, { bigint: true })) as [
    BigIntStats,
    BigIntStats,
  ];
  return a.ino === b.ino && a.dev === b.dev || a.size === b.size && a.ctimeNs >= b.ctimeNs;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  // Two names that this file system holds for one must not write into each other's file.
  await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_EXCL));
}
