/**
 * A model on disk: its model_index.json, and the files of its components, from a local folder or
 * from the hub's cache.
 *
 * @module
 */

import { parseConfig } from "../files/_python_json.ts";
import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { homeFolder } from "../hub/_folder.ts";
import { chooseGraph, componentKind, components, type ModelIndex } from "../model_index.ts";
import { isHubId } from "../hub/_id.ts";
import { downloadFromHub } from "../hub/hub.ts";
import { readModelText } from "../files/_regular_file.ts";
import { RepositoryError } from "./error.ts";
import type { Repository, RepositoryOptions } from "./_types.ts";
import { openSingleFile } from "./single_file.ts";
import { checkRepository, listFolders, type Listing } from "./_check.ts";

export type { Repository, RepositoryOptions } from "./_types.ts";

async function isFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return undefined;
  }
}

/** The folder, or the file, that a user's word for a model means. */
async function locate(
  idOrPath: string,
  options: RepositoryOptions,
): Promise<{ path: string; isFile?: boolean; options: RepositoryOptions }> {
  const text = idOrPath.trim();
  if (text === "") throw new RepositoryError(`Cannot open a model: its name is empty`);
  const home = /^~(?=[/\\]|$)/.test(text) ? homeFolder() + text.slice(1) : text;
  const local = await isFolder(home);
  if (local === true) return { path: resolve(home), options };
  if (local === false) return { path: resolve(home), isFile: true, options };
  const url = /^https?:\/\/[^/]+\/([^/]+\/[^/]+?)(?:\/tree\/(.+?))?\/?$/.exec(text);
  const [id = "", at] = url ? [url[1], url[2]] : text.split("@");
  const isPath = isAbsolute(home) || /^\.{0,2}[/\\]|^~|\\/.test(text) || text.startsWith("../");
  if (isPath || !isHubId(id)) {
    throw new RepositoryError(
      `Cannot open model "${idOrPath}": there is no folder ${resolve(home)}; expected a model ` +
        `folder or a hub id such as owner/name`,
    );
  }
  const revision = options.revision ?? at;
  const resolved = revision === undefined ? options : { ...options, revision };
  try {
    return { path: await downloadFromHub(id, resolved), options: resolved };
  } catch (error) {
    if (error instanceof Error && !text.includes("@") && url === null) {
      error.message += ` (there is no folder ${resolve(home)} either)`;
    }
    throw error;
  }
}

async function readIndex(folder: string, id: string, listing: Listing): Promise<ModelIndex> {
  const name = "model_index.json";
  const file = join(folder, name);
  let text: string;
  const { folders, refused } = listing;
  try {
    const reason = refused.get(name);
    if (reason !== undefined) throw new Error(reason);
    text = await readModelText(file);
  } catch (error) {
    const names = [...folders.get("") ?? []].slice(0, 12);
    throw new RepositoryError(
      `Cannot open model "${id}": ${file} cannot be read (${
        (error as Error).message
      }); expected a ` +
        `folder in diffusers or optimum layout; it holds ${names.join(", ") || "no files"}`,
      [],
      { cause: error },
    );
  }
  const index = parseConfig(text, file);
  if (typeof index._class_name !== "string") {
    throw new RepositoryError(
      `Cannot open model "${id}": ${file} has no _class_name; expected the name of a pipeline class`,
    );
  }
  return index as ModelIndex;
}

/** See {@linkcode openRepository} of `platform.ts`. */
export async function openRepository(
  idOrPath: string,
  options: RepositoryOptions = {},
): Promise<Repository> {
  const { path: folder, isFile, options: resolved } = await locate(idOrPath, options);
  if (isFile) return await openSingleFile(idOrPath, folder, resolved);
  const listing = await listFolders(folder);
  const { folders } = listing;
  const index = await readIndex(folder, idOrPath, listing);
  const { problems, moved } = await checkRepository(folder, listing, index, resolved);
  if (problems.length > 0) {
    throw new RepositoryError(
      `Cannot use model "${idOrPath}" (${index._class_name}) in ${folder}:`,
      problems,
    );
  }
  const { variant } = resolved;
  const names = (component: string) => [...folders.get(component) ?? []];
  const graph = (component: string) =>
    chooseGraph(names(component), variant) ?? chooseGraph(names(component));

  function file(component: string, name?: string): string {
    const chosen = name ?? graph(component) ?? "model.onnx";
    if (!folders.get(component)?.has(chosen)) {
      const inside = names(component);
      const held = inside.length > 0
        ? `it holds ${inside.slice(0, 12).join(", ")}`
        : "there is no such folder";
      throw new RepositoryError(
        `Cannot find ${chosen} of "${idOrPath}": looked in ${join(folder, component)}; ${held}`,
      );
    }
    const path = join(folder, component, chosen);
    return moved.get(path) ?? path;
  }

  return {
    id: idOrPath,
    path: folder,
    index,
    has(component: string, name?: string): boolean {
      const inside = names(component);
      if (name !== undefined) return inside.includes(name);
      if (inside.length === 0) return false;
      const declared = components(index).includes(component);
      return componentKind(component) !== "network" || graph(component) !== undefined ||
        (declared && component !== "vae");
    },
    file,
    graph: async (component: string) => await Promise.resolve(file(component)),
    text: async (component: string, name: string) => await readModelText(file(component, name)),
    async json(component: string, name: string): Promise<unknown> {
      const path = file(component, name);
      return parseConfig(await readModelText(path), path);
    },
  };
}
