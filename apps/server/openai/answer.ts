/**
 * From OpenAI's requests to jobs, and from jobs to OpenAI's answers.
 *
 * @module
 */

import type { Context } from "hono";
import type { Given } from "../cli.ts";
import { type Drawn, type DrawRequest } from "../drawing/request.ts";
import { givenFrom } from "../drawing/settings.ts";
import type { Source } from "../drawing/uploads.ts";
import { badRequest, openaiError, toHttpError } from "../errors.ts";
import type { Env } from "../http/intake.ts";
import type { Services } from "../http/services.ts";
import { sendEvents, type ServerEvent } from "../http/sse.ts";
import { failureOf, outcome, submit } from "../http/submit.ts";
import type { Generation } from "./schemas.ts";

/** The job of a request. */
export function requestOf(
  fields: Generation,
  { models, limits }: Services,
  source?: Source,
  more: Given = {},
): DrawRequest {
  if (fields.partial_images && !fields.stream) {
    throw badRequest("Cannot use partial_images without stream: true", "partial_images");
  }
  if (fields.stream && fields.response_format === "url") {
    throw badRequest(
      "Cannot use response_format url with stream: expected b64_json",
      "response_format",
    );
  }
  const model = models.get(fields.model);
  const { size } = fields;
  const [width, height] = !size || size === "auto" ? [] : size.split("x").map(Number);
  const wanted = { prompt: fields.prompt, width, height, images: fields.n ?? 1, more };
  const { output_compression: quality } = fields;
  return {
    door: "openai",
    model: model.name,
    given: givenFrom(fields, wanted, model, limits),
    ...source,
    format: fields.output_format === "jpeg" ? "jpg" : "png",
    ...(typeof quality === "number" ? { quality } : {}),
    previews: fields.partial_images ?? 0,
  };
}

const now = () => Math.floor(Date.now() / 1000);

function facts({ format }: DrawRequest, { width, height }: Pick<Drawn, "width" | "height">) {
  return {
    output_format: format === "jpg" ? "jpeg" as const : "png" as const,
    size: `${width}x${height}`,
    background: "opaque" as const,
    quality: "auto" as const,
  };
}

/** Draws, and answers when all is finished. */
export async function answer(
  c: Context<Env>,
  services: Services,
  request: DrawRequest,
  asUrl: boolean,
) {
  const id = await submit(services, request, c.var.admitted);
  const { state, error, drawn } = await outcome(services, id, c.req.raw.signal);
  const failure = failureOf(
    state === "failed" ? { type: "failed", error: error! } : { type: "cancelled" },
  );
  if (state !== "done") throw failure!;
  const { origin } = new URL(c.req.url);
  const data = drawn.map(({ bytes, seed }, i) => ({
    ...(asUrl ? { url: `${origin}/jobs/${id}/images/${i}` } : { b64_json: bytes.toBase64() }),
    seed,
  }));
  if (!asUrl) await services.queue.cancel(id); // forgets it
  return { created: now(), data, ...facts(request, drawn[0]!) };
}

/** Draws, and sends events on the way. */
export async function stream(
  c: Context<Env>,
  services: Services,
  request: DrawRequest,
  kind: "image_generation" | "image_edit",
): Promise<Response> {
  const id = await submit(services, request, c.var.admitted);
  const { queue } = services;
  return sendEvents(c, async function* (signal): AsyncGenerator<ServerEvent> {
    let partial = 0;
    for await (const event of queue.events(id, signal)) {
      if (event.type === "preview") {
        const type = `${kind}.partial_image`;
        yield {
          event: type,
          data: {
            type,
            b64_json: event.bytes.toBase64(),
            partial_image_index: partial++,
            created_at: now(),
            ...facts(request, event),
          },
        };
      } else if (event.type === "picture") {
        const type = `${kind}.completed`;
        const { bytes, seed } = event.drawn;
        partial = 0;
        yield {
          event: type,
          data: {
            type,
            b64_json: bytes.toBase64(),
            created_at: now(),
            seed,
            ...facts(request, event.drawn),
            usage: { total_tokens: 0, input_tokens: 0, output_tokens: 0 },
          },
        };
      }
      const failure = failureOf(event);
      if (failure) {
        yield { event: "error", data: openaiError(toHttpError(failure, console.error)) };
      }
    }
    await queue.cancel(id);
  }, () => queue.cancel(id));
}
