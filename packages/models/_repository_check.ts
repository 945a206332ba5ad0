/**
 * Whether a model folder has what its model_index.json names, and whether the engine can read it
 * where it lies.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename, dirname, join, relative } from "node:path";
import { fileSize, hubCacheFolder } from "./_hub_cache.ts";
import {
  chooseGraph,
  componentKind,
  components,
  graphNames,
  hasVariant,
  type ModelIndex,
} from "./_hub_files.ts";
import type { HubOptions } from "./hub.ts";
import { readOnnxModel } from "./onnx_model.ts";

/** The names of the files in each folder of a model; "" is the model folder itself. */
export type Folders = ReadonlyMap<string, ReadonlySet<string>>;

/** Lists a model folder one level deep. Links count as what they lead to. */
export async function listFolders(root: string): Promise<Folders> {
  const folders = new Map<string, Set<string>>([["", new Set()]]);
  for await (const entry of Deno.readDir(root)) {
    const path = join(root, entry.name);
    const isDirectory = entry.isSymlink
      ? await Deno.stat(path).then((info) => info.isDirectory, () => false)
      : entry.isDirectory;
    if (!isDirectory) {
      folders.get("")!.add(entry.name);
      continue;
    }
    const names = new Set<string>();
    for await (const inner of Deno.readDir(path)) if (!inner.isDirectory) names.add(inner.name);
    folders.set(entry.name, names);
  }
  return folders;
}

/** A file of weights beside a graph, and the bytes of it that the graph refers to. */
interface ExternalFile {
  readonly location: string;
  readonly size: number;
}

function externalFiles(path: string): ExternalFile[] {
  const sizes = new Map<string, number>();
  for (const { file, offset, length } of readOnnxModel(path).initializers) {
    if (file !== undefined) sizes.set(file, Math.max(sizes.get(file) ?? 0, offset + length));
  }
  return [...sizes].map(([location, size]) => ({ location, size }));
}

/** What {@linkcode checkRepository} found. */
export interface Check {
  readonly problems: readonly string[];
  /** Graphs that had to be put elsewhere: path in the model folder to path to load. */
  readonly moved: ReadonlyMap<string, string>;
}

/** Looks for everything the index names; lists all that is missing or damaged. */
export async function checkRepository(
  root: string,
  folders: Folders,
  index: ModelIndex,
  options: HubOptions,
): Promise<Check> {
  const problems: string[] = [];
  const moved = new Map<string, string>();
  const declared = components(index);
  if (declared.length === 0) problems.push("model_index.json names no component");
  for (const component of declared) {
    const kind = componentKind(component);
    if (kind === "unused") continue;
    if (kind === "network") {
      await checkNetwork(component, root, folders, options, problems, moved);
      continue;
    }
    const names = folders.get(component);
    if (names === undefined) problems.push(`${component}/: there is no such folder`);
    else if (kind === "scheduler" && !names.has("scheduler_config.json")) {
      problems.push(`${component}/scheduler_config.json: missing; ${holds(names)}`);
    } else if (kind === "tokenizer" && !hasTokenizer(names)) {
      problems.push(
        `${component}/: expected tokenizer.json, or vocab.json and merges.txt; ${holds(names)}`,
      );
    }
  }
  const { variant } = options;
  const graphs = [...folders.values()].flatMap((names) => [...names]);
  if (variant !== undefined && !hasVariant(graphs, variant)) {
    problems.push(
      `there is no variant "${variant}": expected ${
        graphNames(variant).join(" or ")
      } in at least ` +
        `one folder`,
    );
  }
  return { problems, moved };
}

function hasTokenizer(names: ReadonlySet<string>): boolean {
  return names.has("tokenizer.json") || names.has("spiece.model") ||
    (names.has("vocab.json") && names.has("merges.txt"));
}

function holds(names: ReadonlySet<string>): string {
  return names.size === 0 ? "the folder is empty" : `the folder holds ${[...names].join(", ")}`;
}

async function checkNetwork(
  component: string,
  root: string,
  folders: Folders,
  { variant, cacheDir }: HubOptions,
  problems: string[],
  moved: Map<string, string>,
): Promise<void> {
  const optional = component === "vae_encoder" || component === "image_encoder";
  // optimum keeps the name "vae" in the index and has its two halves on disk.
  const split = component === "vae" && !folders.get("vae")?.has("model.onnx");
  for (const folder of split ? ["vae_decoder", "vae_encoder"] : [component]) {
    const needed = folder !== "vae_encoder" && !optional;
    const names = folders.get(folder);
    if (names === undefined) {
      if (!needed) continue;
      const torch = folders.get(component);
      problems.push(
        `${folder}/model.onnx: there is no such folder` + (torch ? torchHint(torch) : ""),
      );
      continue;
    }
    const graph = chooseGraph([...names], variant) ?? chooseGraph([...names]);
    if (graph === undefined) {
      if (needed) {
        problems.push(`${folder}/model.onnx: missing; ${holds(names)}${torchHint(names)}`);
      }
      continue;
    }
    const path = join(root, folder, graph);
    let external: ExternalFile[];
    try {
      external = externalFiles(path);
    } catch (error) {
      problems.push(`${folder}/${graph}: ${(error as Error).message}`);
      continue;
    }
    let whole = true;
    for (const { location, size } of external) {
      const found = await fileSize(join(root, folder, location));
      if (found !== undefined && found >= size) continue;
      whole = false;
      problems.push(
        found === undefined
          ? `${folder}/${location}: missing; the weights of ${folder}/${graph} are in it`
          : `${folder}/${location}: it has ${found} bytes; expected at least ${size} (truncated?)`,
      );
    }
    if (whole && external.length > 0) {
      const place = await readablePlace(path, external, cacheDir ?? hubCacheFolder());
      if (place !== path) moved.set(path, place);
    }
  }
}

function torchHint(names: ReadonlySet<string>): string {
  return [...names].some((name) => /\.(safetensors|bin|pt|ckpt)$/.test(name))
    ? "; these are PyTorch weights: export them with optimum-cli export onnx"
    : "";
}

const inside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return !way.startsWith("..") && way !== "";
};

/**
 * Where the engine may load the graph from. ONNX Runtime refuses external data that, with links
 * followed, lies outside the folder of the graph as named and as followed: so it is with newer hub
 * caches, which share blobs between repositories. Then both go side by side into a folder of ours,
 * as hard links where the file system allows it.
 */
async function readablePlace(
  graph: string,
  external: readonly ExternalFile[],
  cacheDir: string,
): Promise<string> {
  const real = await Deno.realPath(graph);
  const folder = dirname(graph);
  const allowed = [await Deno.realPath(folder), dirname(real)];
  const files = new Map([[basename(graph), real]]);
  let refused = false;
  for (const { location } of external) {
    const target = await Deno.realPath(join(folder, location));
    files.set(location, target);
    refused ||= !allowed.some((place) => inside(target, place));
  }
  if (!refused) return graph;
  const key = createHash("sha256");
  for (const [name, target] of files) {
    const { size, mtime } = await Deno.stat(target);
    key.update(`${name}\0${target}\0${size}\0${mtime?.getTime()}\0`);
  }
  const place = join(cacheDir, "shum-side-by-side", key.digest("hex").slice(0, 32));
  for (const [name, target] of files) await linkOrCopy(target, join(place, name));
  return join(place, basename(graph));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  if (await fileSize(to) === await fileSize(from)) return;
  await Deno.mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.link(from, temporary).catch(() => Deno.copyFile(from, temporary));
    await Deno.rename(temporary, to);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw new Error(
      `Cannot put ${from} beside its graph in ${dirname(to)}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
