/**
 * The way in for everything that has a body: is there room, is the server staying, is the body of a
 * kind and size that will be read.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { HttpError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { JobQueue } from "../queue/job_queue.ts";
import { readBody, requireShallow } from "./body.ts";

/** What requests leave in their context. */
export interface Variables {
  /** Gives up the place that was held while the body was read. */
  readonly admitted: () => void;
}

/** The environment of every app here. */
export interface Env {
  readonly Variables: Variables;
}

/** Whether the server is about to go. */
export interface Closing {
  closing: boolean;
}

function requireKind(request: Request, kinds: readonly string[]): string {
  const kind = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (kinds.includes(kind)) return kind;
  throw new HttpError(
    415,
    `Cannot read the request: its Content-Type is "${kind.slice(0, 80)}"; expected ${
      kinds.join(" or ")
    }`,
  );
}

/**
 * Reads the bodies of requests that draw, holding a place in the queue for each while it is read, so
 * that bodies in memory are bounded as jobs are.
 *
 * @param kinds The media types that are read.
 */
export function intake(
  queue: JobQueue,
  limits: Limits,
  state: Closing,
  kinds: readonly string[] = ["application/json"],
): MiddlewareHandler<Env> {
  let reading = 0;
  return async (c, next) => {
    if (state.closing) {
      throw new HttpError(503, "Cannot draw: the server is shutting down", {
        retryAfter: 10,
        code: "shutting_down",
      });
    }
    const { waiting, seconds } = await queue.depth();
    if (waiting + reading >= limits.queue) {
      throw new HttpError(
        429,
        `Cannot draw: ${waiting + reading} jobs wait already; try again in ${seconds} s`,
        { retryAfter: seconds, code: "queue_full" },
      );
    }
    reading++;
    let held = true;
    const admitted = () => {
      if (held) reading--;
      held = false;
    };
    c.set("admitted", admitted);
    try {
      c.req.raw = await whole(c.req.raw, limits, kinds);
      await next();
    } finally {
      admitted();
    }
  };
}

/** Reads the bodies of requests that draw nothing: a setting, or a picture to look at. */
export function smallIntake(limits: Limits): MiddlewareHandler<Env> {
  let reading = 0;
  return async (c, next) => {
    if (reading >= limits.queue) {
      throw new HttpError(429, `Cannot answer: ${reading} such requests are being read already`, {
        retryAfter: 1,
      });
    }
    reading++;
    try {
      c.req.raw = await whole(c.req.raw, limits, ["application/json"]);
      await next();
    } finally {
      reading--;
    }
  };
}

async function whole(
  request: Request,
  limits: Limits,
  kinds: readonly string[],
): Promise<Request> {
  const kind = requireKind(request, kinds);
  const body = await readBody(request, limits.body);
  if (kind === "application/json") requireShallow(body);
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body });
}
