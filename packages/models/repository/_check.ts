/**
 * Whether a model folder has what its model_index.json names, and whether the engine can read it
 * where it lies.
 *
 * @module
 */

import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hubCacheFolder } from "../hub/_folder.ts";
import {
  chooseGraph,
  chooseWeights,
  componentFolders,
  componentKind,
  components,
  hasVariant,
  type ModelIndex,
  variantNames,
} from "../model_index.ts";
import type { HubOptions } from "../hub/hub.ts";
import { modelRoots, realPathInside } from "../files/_paths.ts";
import { type WeightsFile, weightsOf, weightsProblem } from "../files/_weights.ts";
import { readOnnxModel } from "../onnx/model.ts";
import { requireFile } from "../files/_regular_file.ts";
import { pickleReason } from "../safetensors/_other_formats.ts";
import { openSafetensors } from "./safetensors.ts";
import { readablePlace } from "../files/_side_by_side.ts";

/** The names of the files in each folder of a model; "" is the model folder itself. */
export type Folders = Map<string, Set<string>>;

/** What there is in a model folder. */
export interface Listing {
  readonly folders: Folders;
  /** What may not be used, and why: links out of the model; pipes, sockets and devices. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Lists a model folder one level deep. Links count as what they lead to, and may not lead out of the
 * model, see {@linkcode modelRoots}.
 */
export async function listFolders(root: string): Promise<Listing> {
  const roots = modelRoots(root);
  const folders = new Map<string, Set<string>>([["", new Set()]]);
  const refused = new Map<string, string>();
  const list = async (folder: string) => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const way = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const path = join(root, way);
      let isDirectory = entry.isDirectory();
      if (!isDirectory && !entry.isFile()) {
        try {
          // A link to nothing is a name like any other: whoever needs the file will miss it.
          const info = entry.isSymbolicLink() && realPathInside(path, roots) === undefined
            ? undefined
            : statSync(path);
          isDirectory = info?.isDirectory() === true;
          if (info && !isDirectory) requireFile(path, "a model");
        } catch (error) {
          refused.set(way, (error as Error).message);
          continue;
        }
      }
      if (!isDirectory) folders.get(folder)!.add(entry.name);
      else if (folder === "") {
        folders.set(entry.name, new Set());
        await list(entry.name);
      }
    }
  };
  await list("");
  return { folders, refused };
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
  { folders, refused }: Listing,
  index: ModelIndex,
  options: HubOptions,
): Promise<Check> {
  const moved = new Map<string, string>();
  const declared = components(index);
  const used = declared.filter((name) => componentKind(name) !== "unused").flatMap((name) => [
    name,
    ...componentFolders(name),
  ]);
  const problems = [...refused].filter(([way]) => used.includes(way.split("/")[0]!))
    .map(([way, reason]) => `${way}: ${reason}`);
  if (problems.length > 0) return { problems, moved };
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
      `there is no variant "${variant}": expected ${variantNames(variant).join(" or ")} in at ` +
        `least one folder`,
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
  options: HubOptions,
  problems: string[],
  moved: Map<string, string>,
): Promise<void> {
  const { variant, cacheDir } = options;
  const optional = component === "vae_encoder" || component === "image_encoder";
  if (await addSafetensors(component, root, folders, options, problems, moved)) {
    return;
  }
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
    let weights: readonly WeightsFile[];
    try {
      weights = weightsOf(path, readOnnxModel(path), modelRoots(root));
    } catch (error) {
      problems.push(`${folder}/${graph}: ${(error as Error).message}`);
      continue;
    }
    const broken = weights.map(weightsProblem).filter((problem) => problem !== undefined);
    problems.push(...broken.map((problem) => `${folder}/${graph}: ${problem}`));
    if (broken.length === 0 && weights.length > 0) {
      const place = await readablePlace(path, weights, cacheDir ?? hubCacheFolder());
      if (place !== path) moved.set(path, place);
    }
  }
}

/**
 * Of a component with weights as PyTorch saves them and no graph: writes the graph, and enters it as if
 * it lay in the folder where an export has it.
 *
 * @returns false if it is no such component.
 */
async function addSafetensors(
  component: string,
  root: string,
  folders: Folders,
  { variant, cacheDir }: HubOptions,
  problems: string[],
  moved: Map<string, string>,
): Promise<boolean> {
  const paths = [...folders].flatMap(([folder, names]) =>
    [...names].map((name) => `${folder}/${name}`)
  );
  const weights = chooseWeights(paths, component, variant);
  if (weights === undefined) return false;
  try {
    const graphs = await openSafetensors(
      join(root, component),
      weights,
      cacheDir ?? hubCacheFolder(),
    );
    for (const [suffix, place] of graphs) {
      const folder = component + suffix;
      if (!folders.has(folder)) folders.set(folder, new Set());
      folders.get(folder)!.add("model.onnx");
      moved.set(join(root, folder, "model.onnx"), place);
    }
  } catch (error) {
    problems.push(`${component}/: ${(error as Error).message}`);
  }
  return true;
}

function torchHint(names: ReadonlySet<string>): string {
  for (const name of names) {
    const reason = pickleReason(name);
    if (reason) return `; ${name} is not opened: ${reason}`;
  }
  return "";
}
