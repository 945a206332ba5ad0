/**
 * `/jobs`: our own API, for pictures that nobody wants to hold a connection open for.
 *
 * @module
 */

import { createRoute, z } from "@hono/zod-openapi";
import { maskOf } from "../cli.ts";
import { defined, type DrawRequest, mediaType } from "../drawing/request.ts";
import { givenFrom } from "../drawing/settings.ts";
import { bytesOf, type Source, sourceOf, uploaded } from "../drawing/uploads.ts";
import { badRequest, HttpError } from "../errors.ts";
import { intake } from "../http/intake.ts";
import { json, newDoor, refusals } from "../http/routes.ts";
import type { Door, Services } from "../http/services.ts";
import { sendEvents, type ServerEvent } from "../http/sse.ts";
import { submit } from "../http/submit.ts";
import type { Limits } from "../limits.ts";
import type { JobEvent, JobQueue, JobStatus } from "../queue/job_queue.ts";
import { described, jobAnswer, type JobBody, jobBody } from "./schemas.ts";

const params = z.object({ id: z.string().max(64) });

/** The routes of `/jobs`. */
export function jobsDoor(services: Services): Door {
  const { queue, limits, state } = services;
  const door = newDoor(Object.keys(jobBody.shape));

  door.openapi(
    createRoute({
      method: "post",
      path: "/",
      summary: "Asks for pictures, and does not wait for them",
      middleware: intake(queue, limits, state),
      request: { body: { content: json(jobBody), required: true } },
      responses: {
        202: {
          description: "The job; its address is in Location",
          headers: { Location: { schema: { type: "string" } } },
          content: json(jobAnswer),
        },
        ...refusals,
      },
    }),
    async (c) => {
      const request = await requestOf(c.req.valid("json"), services);
      const id = await submit(services, request, c.var.admitted);
      c.header("Location", `/jobs/${id}`);
      return c.json(described(await jobOf(queue, id)), 202);
    },
  );
  door.openapi(
    createRoute({
      method: "get",
      path: "/{id}",
      summary: "How far a job has come",
      request: { params },
      responses: { 200: { description: "The job", content: json(jobAnswer) }, ...refusals },
    }),
    async (c) => c.json(described(await jobOf(queue, c.req.valid("param").id)), 200),
  );
  door.openapi(
    createRoute({
      method: "delete",
      path: "/{id}",
      summary: "Stops a job, or forgets one that has ended",
      request: { params },
      responses: { 204: { description: "Done" }, ...refusals },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      if (!await queue.cancel(id)) throw unknownJob(id);
      return c.body(null, 204);
    },
  );
  door.openapi(
    createRoute({
      method: "get",
      path: "/{id}/events",
      summary: "What happens to a job, as it happens",
      request: { params },
      responses: {
        200: {
          description:
            "Events started, progress, preview, picture; at last done, failed or cancelled",
          content: { "text/event-stream": { schema: z.string() } },
        },
        ...refusals,
      },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const { request: { format } } = await jobOf(queue, id);
      const type = mediaType[format];
      return sendEvents(c, async function* (signal): AsyncGenerator<ServerEvent> {
        for await (const event of queue.events(id, signal)) yield told(id, event, type);
      }, () => {}) as never; // whoever looks away does not stop the job
    },
  );
  door.openapi(
    createRoute({
      method: "get",
      path: "/{id}/images/{index}",
      summary: "A finished picture",
      request: {
        params: params.extend({ index: z.string().regex(/^\d{1,4}$/, "expected a number") }),
      },
      responses: {
        200: {
          description: "The file",
          content: { "image/png": { schema: z.string() }, "image/jpeg": { schema: z.string() } },
        },
        ...refusals,
      },
    }),
    async (c) => {
      const { id, index } = c.req.valid("param");
      const { drawn, request } = await jobOf(queue, id);
      const picture = drawn[Number(index)];
      if (picture === undefined) {
        throw new HttpError(404, `Cannot find picture ${index}: ${drawn.length} are finished`);
      }
      return c.body(picture.bytes, 200, {
        "Content-Type": mediaType[request.format],
        "Cache-Control": "private, max-age=600",
      }) as never;
    },
  );
  return door;
}

function unknownJob(id: string): HttpError {
  return new HttpError(
    404,
    `Cannot find job ${id.slice(0, 64)}: it was never here, or ended too long ago`,
    { code: "job_not_found" },
  );
}

async function jobOf(queue: JobQueue, id: string): Promise<JobStatus> {
  const job = await queue.status(id);
  if (job === undefined) throw unknownJob(id);
  return job;
}

/** An event as its listeners are told it. */
function told(id: string, event: JobEvent, type: string): ServerEvent {
  const { type: name } = event;
  switch (event.type) {
    case "progress":
      return { event: name, data: { image: event.picture, step: event.step, steps: event.steps } };
    case "preview": {
      const url = `data:${type};base64,${event.bytes.toBase64()}`;
      return { event: name, data: { image: event.picture, step: event.step, url } };
    }
    case "picture": {
      const { drawn: { seed, width, height }, picture: image } = event;
      const url = `/jobs/${id}/images/${image}`;
      return { event: name, data: { image, url, seed, width, height } };
    }
    case "failed":
      return { event: name, data: { message: event.error.message } };
    default:
      return { event: name, data: {} };
  }
}

async function requestOf(body: JobBody, { models, limits }: Services): Promise<DrawRequest> {
  const model = models.get(body.model);
  const source = await sourceFrom(body, limits);
  const more = defined({
    initImg: source && "image",
    mask: source?.mask && "mask",
    strength: body.strength,
    invertMask: body.invert_mask || undefined,
    maskBlur: body.mask_blur,
    maskPadding: body.mask_padding,
  });
  const wanted = {
    prompt: body.prompt,
    width: body.width ?? undefined,
    height: body.height ?? undefined,
    images: body.n ?? 1,
    more,
  };
  return {
    door: "jobs",
    model: model.name,
    given: givenFrom(body, wanted, model, limits),
    ...source,
    format: body.output_format === "jpeg" ? "jpg" : "png",
    ...(typeof body.quality === "number" ? { quality: body.quality } : {}),
    previews: body.previews ?? 0,
  };
}

async function sourceFrom(body: JobBody, limits: Limits): Promise<Source | undefined> {
  const isAbsent = (value: unknown): value is null | undefined =>
    value === undefined || value === null;
  const needs = (param: "image" | "mask", keys: readonly (keyof JobBody)[]) => {
    const given = keys.find((key) => !isAbsent(body[key]));
    if (given !== undefined) throw badRequest(`Cannot use ${given} without ${param}`, param);
  };
  if (isAbsent(body.mask)) needs("mask", ["invert_mask", "mask_blur", "mask_padding"]);
  if (isAbsent(body.image)) {
    needs("image", ["mask", "strength"]);
    return undefined;
  }
  const picture = await uploaded(bytesOf(body.image, "image"), "image", limits);
  if (isAbsent(body.mask)) return sourceOf(picture, undefined);
  const mask = await uploaded(bytesOf(body.mask, "mask"), "mask", limits);
  return sourceOf(picture, maskOf(mask, body.invert_mask ?? false));
}
