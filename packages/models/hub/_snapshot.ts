/**
 * A snapshot in the cache: whether it is complete, and fetching what it lacks.
 *
 * @module
 */

import { readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { downloadBlob, type HubFile } from "./_blob.ts";
import {
  cachedCommit,
  type CacheFolders,
  environmentFlag,
  fileSize,
  placeInSnapshot,
} from "./_cache.ts";
import { HubError, writeError } from "./_error.ts";
import { missingGraphs, type ModelIndex } from "../model_index.ts";
import type { Hub } from "./_http.ts";
import { withLock } from "./_lock.ts";
import { parseConfig } from "../files/_python_json.ts";
import { readModelText } from "../files/_regular_file.ts";
import type { HubProgress } from "./_progress.ts";

const PARALLEL = 4;

/** One commit of one repository, and where it goes. */
export interface Snapshot {
  readonly id: string;
  readonly commit: string;
  readonly cacheDir: string;
  readonly folders: CacheFolders;
}

/** Downloads one file into the snapshot unless it is there; the lock makes two processes take turns. */
export async function fetchFile(
  hub: Hub,
  { id, commit, cacheDir, folders }: Snapshot,
  file: HubFile,
  onLoaded: (bytes: number) => void,
): Promise<string> {
  const pointer = join(folders.snapshots, commit, ...file.path.split("/"));
  const blob = join(folders.blobs, file.hash);
  try {
    await withLock(join(folders.locks, `${file.hash}.lock`), async () => {
      if (await fileSize(pointer) === file.size) return;
      if (await fileSize(blob) !== file.size) {
        const path = file.path.split("/").map(encodeURIComponent).join("/");
        const url = `${hub.endpoint}/${id}/resolve/${commit}/${path}`;
        await downloadBlob(hub, {
          id,
          revision: commit,
          url,
          file,
          target: blob,
          cacheDir,
          onLoaded,
        });
      }
      await placeInSnapshot(blob, pointer, !environmentFlag("HF_HUB_DISABLE_SYMLINKS"));
    }, hub.signal);
  } catch (error) {
    if (error instanceof HubError || hub.signal?.aborted) throw error;
    throw writeError(error, pointer, cacheDir, file.size);
  }
  onLoaded(file.size);
  return pointer;
}

/** Reads a model_index.json on disk. */
export async function readIndex(path: string, id: string): Promise<ModelIndex> {
  const text = await readModelText(path);
  return parseConfig(text, `model_index.json of "${id}" at ${path}`) as ModelIndex;
}

async function requireSpace(cacheDir: string, bytes: number): Promise<void> {
  let free: number;
  try {
    const info = await statfs(cacheDir);
    free = info.bavail * info.bsize;
  } catch {
    return; // this file system does not say
  }
  if (free >= bytes) return;
  throw new HubError(
    "disk_full",
    `Cannot download into ${cacheDir}: ${bytes} bytes are needed and ${free} are free; free some ` +
      `space, or choose another cache folder`,
  );
}

/** The snapshot that the cache has of a revision, if it has everything that the model index names. */
export async function cachedSnapshot(
  folders: CacheFolders,
  id: string,
  revision: string,
  variant: string | undefined,
): Promise<string | undefined> {
  const commit = await cachedCommit(folders, revision);
  if (commit === undefined) return undefined;
  const snapshot = join(folders.snapshots, commit);
  const file = join(snapshot, "model_index.json");
  if (await fileSize(file) === undefined) return undefined;
  const index = await readIndex(file, id);
  const paths: string[] = [];
  for (const entry of await readdir(snapshot, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const name of await readdir(join(snapshot, entry.name))) {
      paths.push(`${entry.name}/${name}`);
    }
  }
  return missingGraphs(paths, index, variant).length === 0 ? snapshot : undefined;
}

/** Fetches, a few at a time, every file of `wanted` that the snapshot lacks. */
export async function fetchAll(
  hub: Hub,
  snapshot: Snapshot,
  wanted: readonly HubFile[],
  onProgress: ((progress: HubProgress) => void) | undefined,
): Promise<void> {
  const { commit, folders } = snapshot;
  const absent: HubFile[] = [];
  for (const file of wanted) {
    const pointer = join(folders.snapshots, commit, ...file.path.split("/"));
    if (await fileSize(pointer) !== file.size) absent.push(file);
  }
  const loaded = new Map<string, number>();
  for (const file of absent) {
    const blob = join(folders.blobs, file.hash);
    const have = await fileSize(blob) ?? await fileSize(`${blob}.incomplete`) ?? 0;
    loaded.set(file.path, Math.min(have, file.size));
  }
  const total = absent.reduce((sum, file) => sum + file.size, 0);
  const sum = () => [...loaded.values()].reduce((a, b) => a + b, 0);
  await requireSpace(snapshot.cacheDir, total - sum());

  // The first failure stops the other downloads; what they have stays for the next call.
  const stop = new AbortController();
  const signal = hub.signal === undefined
    ? stop.signal
    : AbortSignal.any([hub.signal, stop.signal]);
  let failure: { error: unknown } | undefined;
  const queue = absent.values();
  const work = async () => {
    for (const file of queue) {
      try {
        await fetchFile({ ...hub, signal }, snapshot, file, (bytes) => {
          loaded.set(file.path, bytes);
          onProgress?.({
            file: file.path,
            fileLoaded: bytes,
            fileSize: file.size,
            loaded: sum(),
            total,
          });
        });
      } catch (error) {
        failure ??= { error };
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (failure !== undefined) throw failure.error;
}
