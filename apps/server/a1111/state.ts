/**
 * What A1111 keeps between requests: the model that was chosen, and the jobs that are under way.
 *
 * @module
 */

import { HttpError } from "../errors.ts";
import type { ModelTable, ServedModel } from "../models.ts";
import type { JobQueue, JobStatus } from "../queue/job_queue.ts";

/** See the module. One for all clients, as there. */
export class WebuiState {
  readonly #models: ModelTable;
  readonly #queue: JobQueue;
  readonly #jobs = new Set<string>();
  #chosen: string | undefined;

  /** With the default model chosen. */
  constructor(models: ModelTable, queue: JobQueue) {
    this.#models = models;
    this.#queue = queue;
  }

  /** The model that is used where a request names none. */
  get model(): ServedModel {
    return this.#models.get(this.#chosen);
  }

  /**
   * The model of a title, which older clients follow with a hash: "name [0123456789]".
   *
   * @throws {HttpError} 404; there is none.
   */
  modelOf(title: string | null | undefined): ServedModel {
    if (title === undefined || title === null) return this.model;
    return this.#models.get(title.replace(/ \[[0-9a-f]+\]$/, ""));
  }

  /** Chooses a model for the requests that follow. */
  choose(title: string): void {
    this.#chosen = this.modelOf(title).name;
  }

  /** Remembers a job while it is under way. */
  async follow<T>(id: string, work: () => Promise<T>): Promise<T> {
    this.#jobs.add(id);
    try {
      return await work();
    } finally {
      this.#jobs.delete(id);
    }
  }

  /** The job that runs, or the first that waits; of this door's own only. */
  async current(): Promise<JobStatus | undefined> {
    let first: JobStatus | undefined;
    for (const id of this.#jobs) {
      const status = await this.#queue.status(id);
      if (status?.state === "running") return status;
      if (status?.state === "waiting") first ??= status;
    }
    return first;
  }

  /** Stops the job that runs; other doors' jobs are not ours to stop. */
  async interrupt(): Promise<void> {
    const job = await this.current();
    if (job !== undefined) await this.#queue.cancel(job.id);
  }

  /** How many jobs are under way. */
  get count(): number {
    return this.#jobs.size;
  }
}

/** A refusal in A1111's way. */
export function unserved(field: string, reason: string): HttpError {
  return new HttpError(400, `Cannot use ${field}: ${reason}`, {
    param: field,
    code: "unsupported",
  });
}
