/**
 * The models that are served, by name. A client names one of these; what it says is looked up here and
 * never used as a path.
 *
 * @module
 */

import type { SchedulerConfig } from "@shum/schedulers";
import { type OpenedModel, type PictureRecord } from "./cli.ts";
import { didYouMean, modelFacts, modelLeaf } from "./cli.ts";
import { HttpError } from "./errors.ts";

/** A model and what is known of it. Its networks are opened by the first picture, and stay open. */
export interface ServedModel {
  /** What clients call it. */
  readonly name: string;
  readonly opened: OpenedModel;
  /** The configuration of its own scheduler. */
  readonly scheduler: SchedulerConfig;
  /** What the metadata of its pictures says of it; the hash is worked out once. */
  facts(): Promise<PictureRecord["model"]>;
}

/** A model to serve: where it is, and its name if it is to have another than its own. */
export interface ModelSource {
  readonly name?: string;
  /** A folder, or the id of a repository on the hub. */
  readonly from: string;
}

/** Reads `NAME=PATH`, a path, or a hub id. */
export function readModelSource(text: string): ModelSource {
  const named = /^([\w.-]+)=(.+)$/s.exec(text);
  return named === null ? { from: text } : { name: named[1]!, from: named[2]! };
}

/** Looks models up, and closes them. */
export class ModelTable implements AsyncDisposable {
  readonly #models: ReadonlyMap<string, ServedModel>;

  /** Serves these; the first is the one used where a request names none. */
  constructor(models: readonly ServedModel[]) {
    this.#models = new Map(models.map((model) => [model.name, model]));
  }

  /** All, the default first. */
  get all(): readonly ServedModel[] {
    return [...this.#models.values()];
  }

  /**
   * The model of a name, or the default.
   *
   * @throws {HttpError} 404; there is none of that name.
   */
  get(name?: string | null): ServedModel {
    const model = name === undefined || name === null ? this.all[0] : this.#models.get(name);
    if (model !== undefined) return model;
    const shown = JSON.stringify(String(name).slice(0, 80));
    const names = this.all.map((model) => model.name);
    throw new HttpError(
      404,
      `Cannot find model ${shown}: expected one of ${names.join(", ")}` +
        didYouMean(String(name).slice(0, 80), names),
      { param: "model", code: "model_not_found" },
    );
  }

  /** Closes the networks of all. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { opened } of this.all) await opened.pipeline[Symbol.asyncDispose]();
  }
}

/**
 * Opens the models: their files are found and their configurations read, so that a model that cannot be
 * served is told at the start; networks wait for the first picture.
 *
 * @throws {Error} A model is missing, not whole, or not one that makes pictures of texts.
 */
export async function openModels(sources: readonly ModelSource[]): Promise<ModelTable> {
  const { openRepository } = await import("@shum/models");
  const { pipelineFrom } = await import("@shum/pipelines");
  const models: ServedModel[] = [];
  for (const { name: given, from } of sources) {
    const repository = await openRepository(from);
    const pipeline = await pipelineFrom(repository);
    const own = modelLeaf(repository.id, repository.path);
    const name = given ?? own;
    if (pipeline.kind !== "text-to-image" || pipeline.enlarges) {
      throw new TypeError(
        `Cannot serve model ${name}: it does not make pictures of texts alone; expected a ` +
          `text-to-image model (deno task gen knows the others)`,
      );
    }
    if (models.some((model) => model.name === name)) {
      throw new TypeError(
        `Cannot serve two models named ${name}: expected --model other-name=${from}`,
      );
    }
    const config = await repository.json(
      "scheduler",
      "scheduler_config.json",
    ) as SchedulerConfig;
    let facts: Promise<PictureRecord["model"]> | undefined;
    models.push({
      name,
      opened: { pipeline, upscaler: undefined, name: own },
      scheduler: config as SchedulerConfig,
      facts: () => facts ??= modelFacts(repository, new AbortController().signal),
    });
  }
  return new ModelTable(models);
}
