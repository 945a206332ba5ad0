/**
 * `/sdapi/v1`: what the clients of A1111's web UI call.
 *
 * @module
 */

import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { isPng, pngTexts, readRecord } from "../cli.ts";
import { defined, type DrawRequest } from "../drawing/request.ts";
import { bytesOf } from "../drawing/uploads.ts";
import { badRequest } from "../errors.ts";
import { type Env, intake, smallIntake } from "../http/intake.ts";
import { json, newDoor, refusals } from "../http/routes.ts";
import type { Door, Services } from "../http/services.ts";
import { failureOf, outcome, submit } from "../http/submit.ts";
import { infoOf, progressOf } from "./answer.ts";
import { EMPTY, memory, modelList, samplerList, schedulerList } from "./lists.ts";
import { imageRequest, textRequest } from "./request.ts";
import { answerBody, imageBody, textBody } from "./schemas.ts";
import { WebuiState } from "./state.ts";

const answered = {
  200: { description: "The pictures in base64, and how they were made", content: json(answerBody) },
  ...refusals,
} as const;

/** The routes of `/sdapi/v1`. */
export function a1111Door(services: Services): Door {
  const { models, queue, limits } = services;
  const door = newDoor();
  const state = new WebuiState(models, queue);
  const middleware = intake(queue, limits, services.state);

  const draw = async (c: Context<Env>, request: DrawRequest, withImages: boolean) => {
    const id = await submit(services, request, c.var.admitted);
    const job = await state.follow(id, () => outcome(services, id, c.req.raw.signal));
    await queue.cancel(id); // forgets it
    if (job.error) throw job.error;
    if (job.state === "cancelled" && services.state.closing) throw failureOf({ type: "cancelled" });
    // An interrupted job answers with what it finished, as there.
    return {
      images: withImages ? job.drawn.map(({ bytes }) => bytes.toBase64()) : [],
      parameters: echoOf(request),
      info: await infoOf(job, models),
    };
  };
  door.openapi(
    createRoute({
      method: "post",
      path: "/txt2img",
      summary: "Pictures of a text",
      middleware,
      request: { body: { content: json(textBody), required: true } },
      responses: answered,
    }),
    async (c) => {
      const body = c.req.valid("json");
      const request = textRequest(body, state, services);
      return c.json(await draw(c, request, body.send_images !== false), 200);
    },
  );
  door.openapi(
    createRoute({
      method: "post",
      path: "/img2img",
      summary: "A picture changed, or repainted where the mask is white",
      middleware,
      request: { body: { content: json(imageBody), required: true } },
      responses: answered,
    }),
    async (c) => {
      const body = c.req.valid("json");
      const request = await imageRequest(body, state, services);
      return c.json(await draw(c, request, body.send_images !== false), 200);
    },
  );

  door.get("/progress", async (c) => {
    const job = await state.current();
    const withPicture = c.req.query("skip_current_image") !== "true";
    if (withPicture && job !== undefined) await queue.peek(job.id);
    return c.json(progressOf(job, state.count, withPicture));
  });
  for (const path of ["/interrupt", "/skip"]) {
    door.post(path, async (c) => {
      await state.interrupt();
      return c.json({});
    });
  }

  const small = smallIntake(limits);
  door.get("/options", (c) =>
    c.json({
      sd_model_checkpoint: state.model.name,
      sd_vae: "Automatic",
      CLIP_stop_at_last_layers: 1,
      samples_format: "png",
      show_progress_every_n_steps: 1,
    }));
  door.openapi(
    createRoute({
      method: "post",
      path: "/options",
      summary: "Chooses the model; other options are read and not used",
      middleware: small,
      request: {
        body: {
          content: json(z.looseObject({ sd_model_checkpoint: z.string().max(256).nullish() })),
          required: true,
        },
      },
      responses: { 200: { description: "Done", content: json(z.null()) }, ...refusals },
    }),
    (c) => {
      const { sd_model_checkpoint: title } = c.req.valid("json");
      if (title !== undefined && title !== null) state.choose(title);
      return c.json(null, 200);
    },
  );
  door.openapi(
    createRoute({
      method: "post",
      path: "/png-info",
      summary: "How a PNG was made",
      middleware: small,
      request: { body: { content: json(z.looseObject({ image: z.string() })), required: true } },
      responses: {
        200: {
          description: "Its text, and every item of it",
          content: json(z.object({
            info: z.string(),
            items: z.record(z.string(), z.string()),
            parameters: z.record(z.string(), z.unknown()),
          })),
        },
        ...refusals,
      },
    }),
    (c) => c.json(pngInfo(bytesOf(c.req.valid("json").image, "image")), 200),
  );

  door.get("/sd-models", (c) => c.json(modelList(models)));
  door.get("/samplers", (c) => c.json(samplerList(state.model)));
  door.get("/schedulers", (c) => c.json(schedulerList(state.model)));
  door.get("/upscalers", (c) => {
    const none = { model_name: null, model_path: null, model_url: null, scale: 4 };
    return c.json([{ name: "None", ...none }]);
  });
  door.get("/scripts", (c) => c.json({ txt2img: [], img2img: [] }));
  door.get("/embeddings", (c) => c.json({ loaded: {}, skipped: {} }));
  door.get("/cmd-flags", (c) => c.json({}));
  door.get("/memory", (c) => c.json(memory()));
  for (const list of EMPTY) door.get(`/${list}`, (c) => c.json([]));
  for (const path of ["/refresh-checkpoints", "/refresh-vae", "/refresh-loras"]) {
    door.post(path, (c) => c.json(null)); // the models are those of the start
  }
  return door;
}

type Plain = Record<string, string | number | boolean>;

/** What a request was understood to ask for. */
function echoOf({ given }: DrawRequest): Plain {
  return defined({
    prompt: given.prompt,
    negative_prompt: given.negativePrompt ?? "",
    seed: given.seed,
    steps: given.steps,
    cfg_scale: given.cfgScale,
    width: given.width,
    height: given.height,
    sampler_name: given.sampler,
    scheduler: given.schedule,
    denoising_strength: given.strength,
  }) as Plain;
}

function pngInfo(bytes: Uint8Array) {
  if (!isPng(bytes)) throw badRequest("Cannot read image: expected a PNG in base64", "image");
  let items: Record<string, string>;
  try {
    items = pngTexts(bytes);
  } catch (error) {
    throw badRequest(`Cannot read image: ${(error as Error).message}`, "image");
  }
  const read = readRecord(items);
  return {
    info: items.parameters ?? "",
    items,
    parameters: { ...read?.given } as Plain,
  };
}
