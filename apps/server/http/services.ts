/**
 * What the doors share.
 *
 * @module
 */

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Limits } from "../limits.ts";
import type { ModelTable } from "../models.ts";
import type { JobQueue } from "../queue/job_queue.ts";
import type { Closing, Env } from "./intake.ts";

/** What every door is given. */
export interface Services {
  readonly models: ModelTable;
  readonly queue: JobQueue;
  readonly limits: Limits;
  readonly state: Closing;
}

/** Routes of one door. */
export type Door = OpenAPIHono<Env>;
