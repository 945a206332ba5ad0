/**
 * Jobs that wait, run and end. One interface, so that they may wait in this process or elsewhere.
 *
 * @module
 */

import type { DrawEvent } from "../drawing/draw.ts";
import type { Drawn, DrawRequest } from "../drawing/request.ts";
import type { HttpError } from "../errors.ts";

/** Where a job is on its way. */
export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** What is known of a job. */
export interface JobStatus {
  readonly id: string;
  readonly state: JobState;
  readonly request: DrawRequest;
  /** How many jobs are before it, while it waits. */
  readonly before: number;
  /** Steps done and steps in all of the picture that is being drawn. */
  readonly step: number;
  readonly steps: number;
  /** What is finished. */
  readonly drawn: readonly Drawn[];
  /** The picture that is being drawn, as it was last shown. */
  readonly preview?: Uint8Array<ArrayBuffer>;
  /** Why it failed. */
  readonly error?: HttpError;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly started?: number;
  readonly ended?: number;
}

/** What happens to a job. */
export type JobEvent =
  | DrawEvent
  | { readonly type: "started" }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly error: HttpError }
  | { readonly type: "cancelled" };

/** How full a queue is. */
export interface Depth {
  readonly waiting: number;
  readonly running: number;
  /** Seconds until a place is likely to be free. */
  readonly seconds: number;
}

/** A queue of jobs. */
export interface JobQueue {
  /**
   * Puts a job at the end.
   *
   * @returns Its id, which cannot be guessed.
   */
  submit(request: DrawRequest): Promise<string>;
  /** What is known of a job; undefined once it is forgotten. */
  status(id: string): Promise<JobStatus | undefined>;
  /**
   * Stops a job that waits or runs, and forgets one that has ended. What was finished stays.
   *
   * @returns Whether there was such a job.
   */
  cancel(id: string): Promise<boolean>;
  /** What has happened to a job so far, in short, and then what happens to it, to its end. */
  events(id: string, signal?: AbortSignal): AsyncGenerator<JobEvent, void>;
  /** Asks for a preview after the step that is running. */
  peek(id: string): Promise<void>;
  /** How full it is. */
  depth(): Promise<Depth>;
}
