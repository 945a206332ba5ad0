import type { Repository } from "@shum/models";
import { basename, dirname, join } from "@std/path";
import { createHash } from "node:crypto";
import type { PictureRecord } from "./metadata/metadata.ts";

/**
 * The first 10 digits of the sha256 of the denoiser's weights: what A1111 calls the model hash. A file
 * of the hub's cache is named by it, any other is read.
 */
async function weightsHash(repository: Repository, signal: AbortSignal): Promise<string> {
  const { readOnnxModel } = await import("@shum/models");
  const graph = repository.file(repository.has("unet") ? "unet" : "transformer");
  const [external] = readOnnxModel(graph).externalFiles;
  const path = external === undefined ? graph : join(dirname(graph), external);
  const blob = basename(await Deno.realPath(path));
  if (/^[0-9a-f]{64}$/.test(blob)) return blob.slice(0, 10);
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) {
    signal.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex").slice(0, 10);
}

/** What the record says of a model. */
export async function modelFacts(
  repository: Repository,
  signal: AbortSignal,
): Promise<PictureRecord["model"]> {
  const commit = /[/\\]snapshots[/\\]([0-9a-f]{40})$/.exec(repository.path)?.[1];
  return {
    name: commit === undefined
      ? basename(repository.path, ".safetensors")
      : repository.id.split("@")[0]!,
    pipeline: repository.index._class_name,
    ...(commit === undefined ? {} : { commit }),
    hash: await weightsHash(repository, signal),
  };
}
