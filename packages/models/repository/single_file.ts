import { join, resolve } from "node:path";
import { buildNetwork } from "../architectures/build.ts";
import { placeTogether } from "../files/_side_by_side.ts";
import { hubCacheFolder } from "../hub/_folder.ts";
import { pickleReason } from "../safetensors/_other_formats.ts";
import { readSingleFile } from "../single_file/single_file.ts";
import { standardVocabulary } from "../text/_clip_standard.ts";
import { RepositoryError } from "./error.ts";
import type { Repository, RepositoryOptions } from "./_types.ts";
import { readHeaderOf } from "./safetensors.ts";

/** What the graphs call the file that they read. */
const link = "weights.safetensors";

/**
 * Opens a single file of weights, as published on Civitai: what a folder would say in its configurations
 * is read from its header, the vocabulary is CLIP's, and the graphs are written beside a link to it.
 *
 * @param path The file's.
 * @throws {RepositoryError} if it is something else, damaged, or of a family that is not known.
 */
export async function openSingleFile(
  id: string,
  path: string,
  options: RepositoryOptions,
): Promise<Repository> {
  const fail = (reason: string, cause?: unknown): never => {
    throw new RepositoryError(`Cannot open model "${id}": ${reason}`, [], { cause });
  };
  const pickle = pickleReason(path);
  if (pickle !== undefined) fail(pickle);
  try {
    return await open(id, path, options);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return fail(error.message, error);
    }
    throw error;
  }
}

async function open(id: string, path: string, options: RepositoryOptions): Promise<Repository> {
  const real = resolve(path);
  const { index, networks, files, notes } = readSingleFile(readHeaderOf(real), link);
  const cacheDir = options.cacheDir ?? hubCacheFolder();
  const written = new Map<string, Uint8Array>();
  for (const [component, { config, weights }] of networks) {
    for (const [suffix, graph] of buildNetwork(config, weights)) {
      written.set(`${component}${suffix}.onnx`, graph);
    }
  }
  const place = await placeTogether(written, [[link, real]], cacheDir);
  const graphs = new Map(
    [...written.keys()].map((name) => [name.replace(".onnx", ""), join(place, name)]),
  );
  const tokenizers = Object.keys(index).filter((key) => key.startsWith("tokenizer"));
  const isVocabulary = (component: string, name: string) =>
    tokenizers.includes(component) && (name === "vocab.json" || name === "merges.txt");
  const missing = (component: string, name: string): never => {
    throw new RepositoryError(
      `Cannot find ${name} of ${component} in "${id}": a single file holds weights only`,
    );
  };
  return {
    id,
    path: real,
    index,
    notes,
    has(component, name) {
      if (name !== undefined) {
        return `${component}/${name}` in files || isVocabulary(component, name);
      }
      return graphs.has(component) || component in index && component !== "vae";
    },
    file: (component, name) =>
      (name === undefined ? graphs.get(component) : undefined) ??
        missing(component, name ?? "model.onnx"),
    graph: async (component) =>
      await Promise.resolve(graphs.get(component) ?? missing(component, "model.onnx")),
    async json(component, name) {
      if (isVocabulary(component, name)) return (await standardVocabulary()).vocab;
      return files[`${component}/${name}`] ?? missing(component, name);
    },
    async text(component, name) {
      if (isVocabulary(component, name)) return (await standardVocabulary()).merges;
      return missing(component, name);
    },
  };
}
