import type { Requests } from "./_protocol.ts";
import { type ReplyMessage, revive } from "../_worker_messages.ts";

interface Task {
  readonly kind: keyof Requests;
  readonly request: unknown;
  readonly transfer: readonly ArrayBuffer[];
  /** Set once nobody waits any more. */
  abandoned: boolean;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/**
 * The worker of one engine. It starts with the first request and ends with the last session, which
 * gives its memory back. Requests wait on this side, so that an aborted one that has not begun never
 * does; one that has begun goes on unheard, and is ended with the worker when all sessions are closed.
 */
export class WorkerClient {
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  readonly #queue: Task[] = [];
  #running: Task | undefined;
  readonly #open = new Set<number>();
  /** Sessions that went with a worker that failed. */
  readonly #lost = new Set<number>();

  constructor(start: () => Worker) {
    this.#start = start;
  }

  request<K extends keyof Requests>(
    kind: K,
    request: Requests[K]["request"],
    transfer: readonly ArrayBuffer[] = [],
    signal?: AbortSignal,
    /** Called with a reply that came too late for its caller. */
    late?: (reply: Requests[K]["reply"]) => void,
  ): Promise<Requests[K]["reply"]> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        task.abandoned = true;
        const waiting = this.#queue.indexOf(task);
        if (waiting >= 0) this.#queue.splice(waiting, 1);
        reject(signal!.reason);
        this.#endIfIdle();
      };
      const task: Task = {
        kind,
        request,
        transfer,
        abandoned: false,
        resolve(reply) {
          signal?.removeEventListener("abort", onAbort);
          if (task.abandoned) late?.(reply as Requests[K]["reply"]);
          else resolve(reply as Requests[K]["reply"]);
        },
        reject(error) {
          signal?.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(task);
      this.#next();
    });
  }

  /** Whether a session went with a worker that failed. */
  isLost(session: number): boolean {
    return this.#lost.has(session);
  }

  /** Releases a session when the runs that were asked for before it have ended. */
  async close(session: number): Promise<void> {
    this.#open.delete(session);
    this.#lost.delete(session);
    if (this.#worker === undefined || this.#endIfIdle()) return;
    await this.request("release", { session }).catch(() => {}); // a lost worker holds nothing
    this.#endIfIdle();
  }

  #next(): void {
    if (this.#running) return;
    const task = this.#queue.shift();
    if (!task) return;
    this.#running = task;
    try {
      this.#worker ??= this.#listen(this.#start());
      this.#worker.postMessage({ kind: task.kind, request: task.request }, [...task.transfer]);
    } catch (error) {
      this.#running = undefined;
      task.reject(error);
      this.#next();
    }
  }

  #listen(worker: Worker): Worker {
    worker.onmessage = ({ data }: MessageEvent<ReplyMessage>) => {
      const task = this.#running;
      this.#running = undefined;
      if (data.ok && task?.kind === "open" && !task.abandoned) {
        this.#open.add((task.request as Requests["open"]["request"]).session);
      }
      if (data.ok) task?.resolve(data.reply);
      else task?.reject(revive(data));
      this.#next();
      this.#endIfIdle();
    };
    worker.onerror = (event) => {
      const { message } = event as ErrorEvent;
      for (const session of this.#open) this.#lost.add(session);
      this.#open.clear();
      this.#end();
      const failed = this.#running ? [this.#running, ...this.#queue] : this.#queue;
      this.#running = undefined;
      for (const task of failed.splice(0)) {
        task.reject(
          new Error(
            `Cannot use the worker of onnxruntime-web: ${message ?? "it could not be loaded"}; ` +
              `expected the module @shum/models/web/worker, bundled, in the option worker of web()`,
          ),
        );
      }
      this.#queue.length = 0;
    };
    return worker;
  }

  /** Ends the worker if it holds no session and nobody waits for an answer. */
  #endIfIdle(): boolean {
    const awaited = this.#running !== undefined && !this.#running.abandoned;
    if (awaited || this.#queue.length > 0 || this.#open.size > 0) return false;
    this.#end();
    this.#running = undefined;
    return true;
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
