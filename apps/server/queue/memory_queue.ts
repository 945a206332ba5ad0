/**
 * The queue of one process: jobs run one at a time, since the networks use every core as it is, and
 * what has ended is kept for a while within bounds.
 *
 * @module
 */

import type { DrawEvent, DrawOptions } from "../drawing/draw.ts";
import type { Drawn, DrawRequest } from "../drawing/request.ts";
import type { HttpError } from "../errors.ts";
import type { Depth, JobEvent, JobQueue, JobState, JobStatus } from "./job_queue.ts";

/** How a queue works, and what it keeps of jobs that have ended. */
export interface MemoryQueueOptions {
  readonly draw: (request: DrawRequest, options: DrawOptions) => AsyncGenerator<DrawEvent, void>;
  /** An error as its callers may see it. */
  readonly explain: (error: unknown) => HttpError;
  /** Told once about every job that has ended. */
  readonly onEnd?: (job: JobStatus) => void;
  readonly keepMilliseconds?: number;
  readonly keepJobs?: number;
  readonly keepBytes?: number;
}

interface Subscriber {
  readonly events: JobEvent[];
  wake: () => void;
}

interface Entry {
  readonly id: string;
  readonly request: DrawRequest;
  readonly stop: AbortController;
  readonly subscribers: Set<Subscriber>;
  readonly drawn: Drawn[];
  readonly created: number;
  state: JobState;
  step: number;
  steps: number;
  peeked: boolean;
  preview?: Uint8Array<ArrayBuffer>;
  error?: HttpError;
  started?: number;
  ended?: number;
}

const hasEnded = ({ state }: { readonly state: JobState }): boolean =>
  state !== "waiting" && state !== "running";

/** See the module. */
export class MemoryQueue implements JobQueue {
  readonly #options: Required<Omit<MemoryQueueOptions, "onEnd">> & MemoryQueueOptions;
  /** Every job that is known, the oldest first. */
  readonly #jobs = new Map<string, Entry>();
  readonly #waiting: Entry[] = [];
  #running: Entry | undefined;
  /** Seconds of a job, averaged over the last ones; a guess until one has ended. */
  #seconds = 5;

  /** An empty queue. */
  constructor(options: MemoryQueueOptions) {
    this.#options = { keepMilliseconds: 600_000, keepJobs: 64, keepBytes: 2 ** 28, ...options };
  }

  /** See `JobQueue.submit`. */
  submit(request: DrawRequest): Promise<string> {
    this.#forgetOld();
    const entry: Entry = {
      id: crypto.randomUUID(),
      request,
      stop: new AbortController(),
      subscribers: new Set(),
      drawn: [],
      created: Date.now(),
      state: "waiting",
      step: 0,
      steps: 0,
      peeked: false,
    };
    this.#jobs.set(entry.id, entry);
    this.#waiting.push(entry);
    this.#next();
    return Promise.resolve(entry.id);
  }

  /** See `JobQueue.status`. */
  status(id: string): Promise<JobStatus | undefined> {
    this.#forgetOld();
    const entry = this.#jobs.get(id);
    return Promise.resolve(entry && this.#statusOf(entry));
  }

  /** See `JobQueue.cancel`. */
  cancel(id: string): Promise<boolean> {
    const entry = this.#jobs.get(id);
    if (entry === undefined) return Promise.resolve(false);
    if (hasEnded(entry)) this.#jobs.delete(id);
    else {
      entry.stop.abort(new DOMException("The job was cancelled", "AbortError"));
      const at = this.#waiting.indexOf(entry);
      if (at >= 0) {
        this.#waiting.splice(at, 1);
        this.#end(entry, { type: "cancelled" });
      }
    }
    return Promise.resolve(true);
  }

  /** See `JobQueue.peek`. */
  peek(id: string): Promise<void> {
    const entry = this.#jobs.get(id);
    if (entry !== undefined) entry.peeked = true;
    return Promise.resolve();
  }

  /** See `JobQueue.depth`. */
  depth(): Promise<Depth> {
    const waiting = this.#waiting.length;
    return Promise.resolve({
      waiting,
      running: this.#running === undefined ? 0 : 1,
      seconds: Math.min(600, Math.max(1, Math.ceil(this.#seconds))),
    });
  }

  /** See `JobQueue.events`. */
  async *events(id: string, signal?: AbortSignal): AsyncGenerator<JobEvent, void> {
    const entry = this.#jobs.get(id);
    if (entry === undefined) return;
    const subscriber: Subscriber = { events: [...pastOf(entry)], wake: () => {} };
    entry.subscribers.add(subscriber);
    const wake = () => subscriber.wake();
    signal?.addEventListener("abort", wake);
    try {
      while (!signal?.aborted) {
        const event = subscriber.events.shift();
        if (event !== undefined) {
          yield event;
          if (event.type === "done" || event.type === "failed" || event.type === "cancelled") {
            return;
          }
          continue;
        }
        await new Promise<void>((resolve) => subscriber.wake = resolve);
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      entry.subscribers.delete(subscriber);
    }
  }

  /** Resolves when no job waits or runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined || this.#waiting.length > 0) {
      const entry = this.#running ?? this.#waiting[0]!;
      for await (const _ of this.events(entry.id)); // to its end
    }
  }

  /** Stops every job that waits or runs. */
  async cancelAll(): Promise<void> {
    for (const entry of [...this.#waiting, this.#running]) {
      if (entry !== undefined) await this.cancel(entry.id);
    }
  }

  #statusOf(entry: Entry): JobStatus {
    const { id, state, request, step, steps, drawn, preview, error, created, started, ended } =
      entry;
    return {
      id,
      state,
      request,
      before: state === "waiting" ? this.#waiting.indexOf(entry) + (this.#running ? 1 : 0) : 0,
      step,
      steps,
      drawn,
      created,
      ...preview && { preview },
      ...error && { error },
      ...started !== undefined && { started },
      ...ended !== undefined && { ended },
    };
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const entry = this.#waiting.shift();
    if (entry === undefined) return;
    this.#running = entry;
    this.#run(entry).finally(() => {
      this.#running = undefined;
      this.#next();
    });
  }

  async #run(entry: Entry): Promise<void> {
    entry.state = "running";
    entry.started = Date.now();
    this.#tell(entry, { type: "started" });
    const peeked = () => {
      const wanted = entry.peeked;
      entry.peeked = false;
      return wanted;
    };
    const { signal } = entry.stop;
    try {
      for await (const event of this.#options.draw(entry.request, { signal, peeked })) {
        if (event.type === "picture") {
          entry.drawn.push(event.drawn);
          delete entry.preview;
        } else if (event.type === "preview") entry.preview = event.bytes;
        else [entry.step, entry.steps] = [event.step, event.steps];
        this.#tell(entry, event);
        signal.throwIfAborted();
      }
      this.#end(entry, { type: "done" });
    } catch (error) {
      if (signal.aborted) return this.#end(entry, { type: "cancelled" });
      entry.error = this.#options.explain(error);
      this.#end(entry, { type: "failed", error: entry.error });
    }
  }

  #end(entry: Entry, event: JobEvent & { type: "done" | "failed" | "cancelled" }): void {
    entry.state = event.type;
    entry.ended = Date.now();
    delete entry.preview;
    if (entry.started !== undefined) {
      this.#seconds += 0.3 * ((entry.ended - entry.started) / 1000 - this.#seconds);
    }
    this.#options.onEnd?.(this.#statusOf(entry));
    this.#tell(entry, event);
    this.#forgetOld();
  }

  #tell(entry: Entry, event: JobEvent): void {
    for (const subscriber of entry.subscribers) {
      subscriber.events.push(event);
      subscriber.wake();
    }
  }

  /** Drops what has ended, the oldest first, until the rest is within bounds. */
  #forgetOld(): void {
    const { keepMilliseconds, keepJobs, keepBytes } = this.#options;
    const ended = [...this.#jobs.values()].filter(hasEnded);
    let bytes = 0;
    const oldest = Date.now() - keepMilliseconds;
    ended.reverse().forEach((entry, i) => {
      bytes += bytesOf(entry);
      if (i >= keepJobs || bytes > keepBytes || entry.ended! < oldest) this.#jobs.delete(entry.id);
    });
  }
}

function bytesOf({ drawn, request: { picture, mask } }: Entry): number {
  const files = drawn.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return files + (picture?.data.length ?? 0) + (mask?.data.length ?? 0);
}

/** What has happened so far, for somebody who comes late. */
function* pastOf({ state, started, step, steps, drawn, error }: Entry): Generator<JobEvent> {
  if (started !== undefined) yield { type: "started" };
  for (const [picture, each] of drawn.entries()) yield { type: "picture", picture, drawn: each };
  if (state === "running" && step > 0) {
    yield { type: "progress", picture: drawn.length, step, steps };
  }
  if (state === "failed") yield { type: "failed", error: error! };
  else if (state === "done" || state === "cancelled") yield { type: state };
}
