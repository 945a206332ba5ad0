import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isAbsent } from "../files/_absent.ts";
import { hubCacheFolder } from "../hub/_folder.ts";
import { readModelText } from "../files/_regular_file.ts";
import { missingGraphs, type ModelIndex } from "../model_index.ts";

/** A model in the hub's cache that a pipeline can be made of. */
export interface CachedModel {
  /** The hub id, `owner/name`. */
  readonly id: string;
  /** The branches and tags that lead to this snapshot. */
  readonly revisions: readonly string[];
  /** The commit. */
  readonly commit: string;
  /** The snapshot folder. */
  readonly path: string;
  /** The diffusers class, such as `StableDiffusionPipeline`. */
  readonly pipeline: string;
  /** Bytes of the files it leads to. */
  readonly size: number;
  /** Graphs that are missing; a model with none can be used. */
  readonly missing: readonly string[];
}

async function names(folder: string): Promise<Dirent[]> {
  let entries: Dirent[] = [];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}

async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await names(folder)) {
    const path = prefix + entry.name;
    if (entry.isDirectory()) paths.push(...await filesBelow(join(folder, entry.name), `${path}/`));
    else paths.push(path);
  }
  return paths;
}

/** See {@linkcode cachedModels} of `platform.ts`. */
export async function cachedModels(
  { cacheDir = hubCacheFolder() }: { readonly cacheDir?: string } = {},
): Promise<readonly CachedModel[]> {
  const models: CachedModel[] = [];
  for (const { name } of await names(cacheDir)) {
    if (!name.startsWith("models--")) continue;
    const id = name.slice("models--".length).replace("--", "/");
    const root = join(cacheDir, name);
    const refs = await Promise.all(
      (await filesBelow(join(root, "refs"))).map(async (revision) => ({
        revision,
        commit: (await readModelText(join(root, "refs", revision))).trim(),
      })),
    );
    for (const { name: commit } of await names(join(root, "snapshots"))) {
      const path = join(root, "snapshots", commit);
      let index: ModelIndex;
      try {
        index = JSON.parse(await readModelText(join(path, "model_index.json")));
      } catch {
        continue; // a text model, a dataset, a download that never began
      }
      const files = await filesBelow(path);
      const sizes = await Promise.all(
        files.map((file) => stat(join(path, file)).then((info) => info.size, () => 0)),
      );
      models.push({
        id,
        revisions: refs.filter((ref) => ref.commit === commit).map((ref) => ref.revision),
        commit: basename(commit),
        path,
        pipeline: String(index._class_name),
        size: sizes.reduce((a, b) => a + b, 0),
        missing: missingGraphs(files, index).map((m) => m.expected),
      });
    }
  }
  return models;
}
