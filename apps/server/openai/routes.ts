/**
 * `/v1`: the part of OpenAI's API that is about pictures.
 *
 * @module
 */

import { createRoute, z } from "@hono/zod-openapi";
import { defined } from "../drawing/request.ts";
import { badRequest } from "../errors.ts";
import { intake } from "../http/intake.ts";
import { json, newDoor, refusals } from "../http/routes.ts";
import type { Door, Services } from "../http/services.ts";
import { answer, requestOf, stream } from "./answer.ts";
import { editSource, fromForm, fromJson } from "./edit_source.ts";
import { editForm, editJson, generation, images, KNOWN } from "./schemas.ts";

const answered = {
  200: {
    description: "The pictures; with stream, events that end with image_generation.completed",
    content: { ...json(images), "text/event-stream": { schema: z.string() } },
  },
  ...refusals,
} as const;

const model = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.number().int(),
  owned_by: z.string(),
}).openapi("Model");

/** The routes of `/v1`. */
export function openaiDoor(services: Services): Door {
  const { queue, limits, state, models } = services;
  const door = newDoor(KNOWN);
  const created = Math.floor(Date.now() / 1000);
  const described = (id: string) => ({ id, object: "model" as const, created, owned_by: "shum" });

  door.openapi(
    createRoute({
      method: "get",
      path: "/models",
      summary: "The models that are served",
      responses: {
        200: {
          description: "All, the default first",
          content: json(z.object({ object: z.literal("list"), data: z.array(model) })),
        },
        ...refusals,
      },
    }),
    (c) => {
      const data = models.all.map(({ name }) => described(name));
      return c.json({ object: "list" as const, data }, 200);
    },
  );
  door.openapi(
    createRoute({
      method: "get",
      path: "/models/{model}",
      summary: "One model",
      request: { params: z.object({ model: z.string() }) },
      responses: { 200: { description: "It is served", content: json(model) }, ...refusals },
    }),
    (c) => c.json(described(models.get(c.req.valid("param").model).name), 200),
  );
  door.openapi(
    createRoute({
      method: "post",
      path: "/images/generations",
      summary: "Pictures of a text",
      middleware: intake(queue, limits, state),
      request: { body: { content: json(generation), required: true } },
      responses: answered,
    }),
    async (c) => {
      const fields = c.req.valid("json");
      const request = requestOf(fields, services);
      if (fields.stream) return await stream(c, services, request, "image_generation") as never;
      return c.json(await answer(c, services, request, fields.response_format === "url"), 200);
    },
  );
  // Its two kinds of bodies are read by hand: a form's numbers are text.
  door.openAPIRegistry.registerPath({
    method: "post",
    path: "/images/edits",
    summary: "A picture changed by a text, or repainted where the mask is transparent",
    request: {
      body: { content: { ...json(editJson), "multipart/form-data": { schema: editForm } } },
    },
    responses: answered,
  });
  const kinds = ["multipart/form-data", "application/json"];
  door.post("/images/edits", intake(queue, limits, state, kinds), async (c) => {
    const isJson = (c.req.header("content-type") ?? "").startsWith("application/json");
    const body = await (isJson ? fromJson(c.req.raw) : fromForm(c.req.raw));
    const { strength, mask_blur, mask_padding, ...fields } = body.fields;
    const source = await editSource(body, limits);
    if (source.mask === undefined && (mask_blur ?? mask_padding) != null) {
      throw badRequest("Cannot use mask_blur or mask_padding without a mask", "mask");
    }
    const more = defined({
      initImg: "image",
      mask: source.mask && "mask",
      strength,
      maskBlur: mask_blur,
      maskPadding: mask_padding,
    });
    const request = requestOf(fields, services, source, more);
    if (fields.stream) return await stream(c, services, request, "image_edit");
    return c.json(await answer(c, services, request, fields.response_format === "url"), 200);
  });
  return door;
}
