/**
 * Our own requests, and what is said of a job.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { pictureOptions } from "../cli.ts";
import { range, settingFields } from "../drawing/settings.ts";
import { mediaType } from "../drawing/request.ts";
import type { JobStatus } from "../queue/job_queue.ts";

const size = z.number().int().min(1).max(99_999).nullish();

/** Body of `POST /jobs`. */
export const jobBody = z.strictObject({
  prompt: z.string().describe("what to show"),
  model: z.string().max(256).nullish().describe("one of /v1/models; the first when absent"),
  n: z.number().int().min(1).nullish().describe("how many pictures"),
  width: size,
  height: size,
  ...settingFields,
  image: z.string().nullish().describe("a picture to start from, as a data URL"),
  mask: z.string().nullish().describe("as large as the picture, white is repainted; a data URL"),
  strength: range("strength"),
  invert_mask: z.boolean().nullish().describe(pictureOptions.invertMask.help),
  mask_blur: range("maskBlur"),
  mask_padding: range("maskPadding"),
  output_format: z.enum(["png", "jpeg"]).nullish(),
  quality: range("quality"),
  previews: z.number().int().min(0).max(20).nullish()
    .describe("how many times each picture is shown on its way, by /jobs/{id}/events"),
}).openapi("JobRequest");

/** What is asked for. */
export type JobBody = z.infer<typeof jobBody>;

/** What is said of a job. */
export const jobAnswer = z.object({
  id: z.string(),
  state: z.enum(["waiting", "running", "done", "failed", "cancelled"]),
  model: z.string(),
  before: z.number().int().describe("jobs before this one, while it waits"),
  step: z.number().int().describe("steps done of the picture that is being drawn"),
  steps: z.number().int(),
  n: z.number().int().describe("pictures asked for"),
  images: z.array(z.object({
    url: z.string(),
    seed: z.number().int(),
    width: z.number().int(),
    height: z.number().int(),
    media_type: z.string(),
  })),
  error: z.string().nullable(),
  created: z.string(),
  started: z.string().nullable(),
  ended: z.string().nullable(),
}).openapi("Job");

const time = (value: number | undefined) =>
  value === undefined ? null : new Date(value).toISOString();

/** A job as its callers see it. */
export function described(job: JobStatus): z.infer<typeof jobAnswer> {
  const { id, state, request, before, step, steps, drawn, error } = job;
  return {
    id,
    state,
    model: request.model,
    before,
    step,
    steps,
    n: request.given.batchCount,
    images: drawn.map(({ seed, width, height }, i) => ({
      url: `/jobs/${id}/images/${i}`,
      seed,
      width,
      height,
      media_type: mediaType[request.format],
    })),
    error: error?.message ?? null,
    created: new Date(job.created).toISOString(),
    started: time(job.started),
    ended: time(job.ended),
  };
}
