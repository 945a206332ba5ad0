/**
 * `/metrics`, for Prometheus.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { JobQueue, JobStatus } from "./queue/job_queue.ts";

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Counts requests and jobs. */
export class Metrics {
  /** What there is to read. */
  readonly registry: Registry = new Registry();
  readonly #requests = new Counter({
    name: "shum_http_requests_total",
    help: "Requests answered",
    labelNames: ["method", "route", "status"],
    registers: [this.registry],
  });
  readonly #latency = new Histogram({
    name: "shum_http_request_seconds",
    help: "Time to the answer, or to the first of its events",
    labelNames: ["route"],
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #jobs = new Counter({
    name: "shum_jobs_total",
    help: "Jobs that have ended",
    labelNames: ["door", "model", "state"],
    registers: [this.registry],
  });
  readonly #images = new Counter({
    name: "shum_images_total",
    help: "Pictures drawn",
    labelNames: ["model"],
    registers: [this.registry],
  });
  readonly #waited = new Histogram({
    name: "shum_job_wait_seconds",
    help: "Time that jobs waited",
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #drawn = new Histogram({
    name: "shum_job_draw_seconds",
    help: "Time that jobs ran",
    labelNames: ["model"],
    buckets: SECONDS,
    registers: [this.registry],
  });

  /** Gauges are read when they are asked for. */
  watch(queue: JobQueue): void {
    for (const state of ["waiting", "running"] as const) {
      new Gauge({
        name: `shum_jobs_${state}`,
        help: `Jobs that are ${state}`,
        registers: [this.registry],
        async collect() {
          this.set((await queue.depth())[state]);
        },
      });
    }
    const memory = [["process_resident_memory_bytes", "rss"], [
      "shum_heap_bytes",
      "heapUsed",
    ]] as const;
    for (const [name, key] of memory) {
      new Gauge({
        name,
        help: key === "rss" ? "Resident memory" : "JavaScript objects, garbage among them",
        registers: [this.registry],
        collect() {
          this.set(Deno.memoryUsage()[key]);
        },
      });
    }
  }

  /** Counts a job that has ended. */
  job({ request: { door, model }, state, created, started, ended, drawn }: JobStatus): void {
    this.#jobs.inc({ door, model, state });
    this.#images.inc({ model }, drawn.length);
    if (started === undefined || ended === undefined) return;
    this.#waited.observe((started - created) / 1000);
    this.#drawn.observe({ model }, (ended - started) / 1000);
  }

  /** Counts requests, by route and not by path, of which a client can think up any number. */
  middleware(): MiddlewareHandler {
    return async (c, next) => {
      const start = performance.now();
      await next();
      const route = c.res.status === 404 && routePath(c, -1).includes("*")
        ? "none"
        : routePath(c, -1);
      this.#requests.inc({ method: c.req.method, route, status: c.res.status });
      this.#latency.observe({ route }, (performance.now() - start) / 1000);
    };
  }
}
