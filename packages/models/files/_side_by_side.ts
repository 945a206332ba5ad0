import { createHash } from "node:crypto";
import { type BigIntStats, constants, existsSync, realpathSync, statSync } from "node:fs";
import { copyFile, link, mkdir } from "node:fs/promises";
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
  const key = createHash("sha256");
  for (const [name, file] of files) {
    const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
    key.update([name, file, dev, ino, size, mtimeNs, ""].join("\0"));
  }
  const place = join(cacheDir, placeName, key.digest("hex").slice(0, 32));
  if (!files.every(([name, file]) => serves(join(place, name), file))) {
    removeFolder(place);
    try {
      await publish(place, async (folder) => {
        for (const [name, file] of files) await linkOrCopy(file, join(folder, name));
      }, inUse);
    } catch (error) {
      throw new Error(
        `Cannot put the weights of "${graph}" beside it in "${place}": ` +
          `${(error as Error).message}; expected room and permission to write there`,
        { cause: error },
      );
    }
  }
  markUsed(place);
  return join(place, basename(graph));
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
