/**
 * Handing a request to the queue, and waiting for what comes of it.
 *
 * @module
 */

import { checkRequest } from "../drawing/draw.ts";
import type { DrawRequest } from "../drawing/request.ts";
import { HttpError } from "../errors.ts";
import type { JobEvent, JobStatus } from "../queue/job_queue.ts";
import type { Services } from "./services.ts";

/** Checks a request against its model and puts it into the queue. */
export async function submit(
  { models, queue }: Services,
  request: DrawRequest,
  admitted: () => void,
): Promise<string> {
  await checkRequest(request, models);
  const id = await queue.submit(request);
  admitted();
  return id;
}

/** The error of a job that did not end well. */
export function failureOf(event: JobEvent): HttpError | undefined {
  if (event.type === "failed") return event.error;
  if (event.type !== "cancelled") return undefined;
  return new HttpError(503, "Cannot draw: the job was cancelled", { code: "cancelled" });
}

/**
 * What is known of a job at its end. When the one who waits goes away, the job is cancelled.
 *
 * @param signal Aborts when nobody waits any more.
 */
export async function outcome(
  { queue }: Services,
  id: string,
  signal: AbortSignal,
): Promise<JobStatus> {
  for await (const _ of queue.events(id, signal)); // to its end
  if (signal.aborted) {
    await queue.cancel(id);
    throw new HttpError(499, "Cannot answer: the client went away");
  }
  const status = await queue.status(id);
  if (status === undefined) throw new Error(`Job ${id} was forgotten before it was answered`);
  return status;
}
