/**
 * From the options to what draws: the model, and the one that enlarges its pictures.
 *
 * @module
 */

import type { Engine, Repository } from "@shum/models";
import type { AnyPipeline } from "@shum/pipelines";
import { basename } from "@std/path";
import { usageError } from "./exit_codes.ts";
import { openModel } from "./model_choice.ts";
import type { Given } from "./options/options.ts";
import { readLatentRgb } from "./picture/preview.ts";
import type { Progress } from "./progress.ts";
import type { OpenedModel } from "./options/resolve.ts";

/** What draws, with its networks still closed, and where it lies. */
export interface OpenedModels extends OpenedModel, AsyncDisposable {
  readonly repository: Repository;
}

/**
 * Opens the models that the options name.
 *
 * @throws {CliError} A model cannot be found, or the upscaler is none.
 */
export async function openModels(
  given: Given,
  progress: Progress,
  signal?: AbortSignal,
): Promise<OpenedModels> {
  const repository = await openModel(given, progress, signal);
  const { pipelineFrom } = await import("@shum/pipelines");
  const how = {
    ...await engineOf(given),
    ...(given.device === undefined ? {} : { device: given.device }),
    ...(given.threads === undefined ? {} : { threads: given.threads }),
    ...(given.vaeTiling === undefined ? {} : { tiling: given.vaeTiling }),
  };
  const pipeline = await pipelineFrom(repository, how);
  const { revision: _, ...ofAnyModel } = given; // the upscaler says its own behind an @
  const larger = given.upscaler === undefined ? undefined : await pipelineFrom(
    await openModel({ ...ofAnyModel, model: given.upscaler }, progress, signal),
    how,
  );
  const decoder = repository.has("vae_decoder")
    ? await repository.json("vae_decoder", "config.json").catch(() => undefined)
    : undefined;
  return {
    repository,
    pipeline,
    latentRgb: readLatentRgb(decoder),
    upscaler: upscalerOf(larger, given),
    name: modelLeaf(repository.id, repository.path),
    async [Symbol.asyncDispose]() {
      await pipeline[Symbol.asyncDispose]();
      await larger?.[Symbol.asyncDispose]();
    },
  };
}

/** The servers that are to run networks, if there are any. */
async function engineOf({ engine: urls }: Given): Promise<{ engine?: Engine }> {
  if (urls === undefined) return {};
  const { remote } = await import("@shum/models/remote");
  const { nodeEngine } = await import("@shum/models/node");
  try {
    return { engine: remote({ url: urls, local: nodeEngine() }) };
  } catch (error) {
    throw usageError(`${(error as Error).message} (--engine)`);
  }
}

/** The task of a model that enlarges. */
function upscalerOf(model: AnyPipeline | undefined, { upscaler }: Given) {
  if (model === undefined) return undefined;
  if (model.kind === "text-to-image" && model.enlarges) return model.superResolution;
  throw usageError(
    `Cannot use --upscaler ${upscaler}: the model does not enlarge; expected one with a ` +
      `low_res_scheduler`,
  );
}

/** A short name for the model: the hub id's last part, or the folder's, or the file's. */
export function modelLeaf(id: string, path: string): string {
  const hub = /[/\\]snapshots[/\\][0-9a-f]{40}$/.test(path);
  return basename(hub ? id.split("@")[0]! : path).replace(/\.safetensors$/, "");
}
