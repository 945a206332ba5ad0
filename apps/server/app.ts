/**
 * The whole server as one function from requests to answers, without a port.
 *
 * @module
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { a1111Door } from "./a1111/routes.ts";
import { VERSION } from "./cli.ts";
import { draw } from "./drawing/draw.ts";
import { a1111Error, badRequest, HttpError, openaiError, toHttpError } from "./errors.ts";
import { access, type AccessOptions } from "./http/access.ts";
import type { Closing, Env } from "./http/intake.ts";
import type { Services } from "./http/services.ts";
import { jobsDoor } from "./jobs/routes.ts";
import type { Limits } from "./limits.ts";
import { Metrics } from "./metrics.ts";
import type { ModelTable } from "./models.ts";
import { openaiDoor } from "./openai/routes.ts";
import { frontPage } from "./page.ts";
import { MemoryQueue } from "./queue/memory_queue.ts";

/** What a server is made of. */
export interface AppOptions extends AccessOptions {
  readonly models: ModelTable;
  readonly limits: Limits;
  /** Where failures are told. */
  readonly log: (text: string) => void;
}

/** A server. */
export interface App {
  /** Answers a request. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly queue: MemoryQueue;
  /** Set when the server is about to go. */
  readonly state: Closing;
}

/** Puts a server together. */
export function createApp({ models, limits, log, ...who }: AppOptions): App {
  const metrics = new Metrics();
  const queue = new MemoryQueue({
    draw: (request, options) => draw(request, models, options),
    explain: (error) => toHttpError(error, log),
    onEnd: (job) => metrics.job(job),
  });
  metrics.watch(queue);
  const state: Closing = { closing: false };
  const services: Services = { models, queue, limits, state };

  const app = new OpenAPIHono<Env>();
  app.onError((error, c) => {
    const told = error instanceof HTTPException
      ? badRequest(`Cannot read the request: ${error.message}`)
      : toHttpError(error, log);
    const { retryAfter } = told.facts;
    if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
    if (told.status === 401) c.header("WWW-Authenticate", 'Bearer, Basic realm="Shum"');
    const body = c.req.path.startsWith("/sdapi/") ? a1111Error(told) : openaiError(told);
    return c.json(body, told.status as 400);
  });
  app.notFound((c) => {
    const path = c.req.path.slice(0, 200);
    const told = new HttpError(404, `Cannot find ${c.req.method} ${path}: see /openapi.json`);
    return c.json(path.startsWith("/sdapi/") ? a1111Error(told) : openaiError(told), 404);
  });

  app.use(metrics.middleware());
  app.use(async (c, next) => {
    await next();
    c.header("X-Content-Type-Options", "nosniff");
  });
  app.use(access(who));
  if (who.allowOrigins.length > 0) {
    const all = who.allowOrigins.includes("*");
    app.use(cors({ origin: all ? "*" : [...who.allowOrigins], exposeHeaders: ["Location"] }));
  }

  app.get("/", (c) => c.html(frontPage(models.all.map(({ name }) => name))));
  app.get("/healthz", (c) => state.closing ? c.text("closing", 503) : c.text("ok"));
  app.get("/metrics", async (c) => {
    const { registry } = metrics;
    return c.body(await registry.metrics(), 200, { "Content-Type": registry.contentType });
  });
  app.route("/v1", openaiDoor(services));
  app.route("/sdapi/v1", a1111Door(services));
  app.route("/jobs", jobsDoor(services));
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Shum", version: VERSION, description: "Pictures from text." },
  });
  return { fetch: (request) => app.fetch(request), queue, state };
}
