/**
 * Which model a run uses, and what there is to choose from.
 *
 * @module
 */

import type { Repository, RepositoryOptions } from "@shum/models";
import { fromFileUrl } from "@std/path";
import { CliError, exitCodes } from "./exit_codes.ts";
import type { Given } from "./options/options.ts";
import type { Progress } from "./progress.ts";
import { isSentence } from "./sentence.ts";

/** The model that ships with Shum, as a folder of the repository. */
export const DEFAULT_MODEL = "weights/shum-emoji-256";

/** Where that folder is. */
export function defaultModelFolder(): string {
  return fromFileUrl(new URL(`../../${DEFAULT_MODEL}`, import.meta.url));
}

/** Whether a folder holds a model. */
export async function holdsModel(folder: string): Promise<boolean> {
  return await Deno.stat(`${folder}/model_index.json`).then(() => true, () => false);
}

/**
 * The folder or id to open.
 *
 * @throws {CliError} None was named, and the default one is not there.
 */
export async function chosenModel(
  given: Given,
  standard: string = defaultModelFolder(),
): Promise<string> {
  if (given.model !== undefined) return given.model;
  if (await holdsModel(standard)) return standard;
  throw new CliError(
    exitCodes.model,
    `Cannot make a picture without a model: --model is absent, and there is no model in ` +
      `${DEFAULT_MODEL}; expected --model with a folder in diffusers layout, a .safetensors file or a Hugging Face ` +
      `id (see --list-models for those on this machine)`,
  );
}

/** The hub's part of the options. */
export function repositoryOptions(
  given: Given,
  progress: Progress | undefined,
  signal?: AbortSignal,
): RepositoryOptions {
  let began = false;
  const variant = given.variant ?? (given.dtype === "fp16" ? "fp16" : undefined);
  return {
    ...(given.revision === undefined ? {} : { revision: given.revision }),
    ...(variant === undefined ? {} : { variant }),
    ...(given.cacheDir === undefined ? {} : { cacheDir: given.cacheDir }),
    ...(given.offline === undefined ? {} : { offline: given.offline }),
    ...(signal === undefined ? {} : { signal }),
    ...(progress === undefined ? {} : {
      onProgress({ loaded, total }) {
        if (!began) progress.start("downloading", total, "bytes");
        began = true;
        progress.update(loaded);
      },
    }),
  };
}

/** Opens the model, downloading it if it is a hub id that is not cached. */
export async function openModel(
  given: Given,
  progress: Progress | undefined,
  signal?: AbortSignal,
): Promise<Repository> {
  const { openRepository } = await import("@shum/models");
  const model = await chosenModel(given);
  try {
    return await openRepository(model, repositoryOptions(given, progress, signal));
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error) || error instanceof CliError) throw error;
    if (!isSentence(error.message)) throw error;
    throw new CliError(exitCodes.model, error.message, { cause: error });
  } finally {
    progress?.end();
  }
}
