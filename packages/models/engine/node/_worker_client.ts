import { Worker } from "node:worker_threads";
import { siblingUrl } from "../../files/_sibling.ts";
import { endsBusyThreads, killProcess, watchProcessEnd } from "./_process_end.ts";
import type { RequestKind, Requests } from "./_protocol.ts";
import { type ReplyMessage, revive } from "../_worker_messages.ts";

interface Task {
  readonly kind: RequestKind;
  readonly request: unknown;
  readonly transfer: ArrayBuffer[];
  /** Set once nobody waits any more. */
  abandoned: boolean;
  /** Runs while an abandoned task may still end by itself. */
  grace?: ReturnType<typeof setTimeout>;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

/**
 * Milliseconds for which a close waits for a call of the engine that nobody wants any more. Nothing
 * interrupts such a call: a loop in a graph may never end.
 */
const longestGrace = 2000;
/** Milliseconds that an exit may take for a run to end. */
const longestEnd = 3000;

/**
 * The one thread in which all sessions live. The engine's calls block their thread, and WebGPU
 * allows a single one per process.
 *
 * Requests wait on this side, so that an aborted one that has not begun never does. The thread
 * starts with the first request and ends with the last session, which gives all its memory back;
 * while nothing is asked of it, it does not keep the process alive.
 *
 * A thread that does not come back from a call which was aborted is left behind, with all its
 * memory, as soon as the sessions in it are closed; the next request starts another.
 */
class EngineWorker {
  #worker: Worker | undefined;
  readonly #queue: Task[] = [];
  #running: Task | undefined;
  /** Open sessions: they die with the thread. */
  readonly #open = new Set<() => Promise<void>>();
  /** What closes wait for: the end of grace of the task that runs. */
  #stuck = Promise.withResolvers<void>();
  /** Whether it has come. */
  #isStuck = false;
  /** Sessions being opened. */
  #holds = 0;
  /** WebGPU must be touched by one thread in the life of a process: then the thread stays. */
  #pinned = false;
  /** Of each thread that was left and may not be ended from here: becomes 1 when it is about to end. */
  readonly #left = new Set<Int32Array>();
  #unwatch: (() => void) | undefined;

  request<K extends RequestKind>(
    kind: K,
    request: Requests[K]["request"],
    transfer: ArrayBuffer[] = [],
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
        else task.grace = setTimeout(() => this.#giveUp(), longestGrace);
        reject(signal!.reason);
        if (waiting >= 0) this.#endIfIdle();
      };
      const task: Task = {
        kind,
        request,
        transfer,
        abandoned: false,
        resolve(reply) {
          signal?.removeEventListener("abort", onAbort);
          clearTimeout(task.grace);
          if (task.abandoned) late?.(reply as Requests[K]["reply"]);
          else resolve(reply as Requests[K]["reply"]);
        },
        reject(error) {
          signal?.removeEventListener("abort", onAbort);
          clearTimeout(task.grace);
          reject(error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(task);
      this.#next();
    });
  }

  /** Keeps the thread for the length of `work`, which opens a session. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#holds++;
    try {
      return await work();
    } finally {
      this.#holds--;
      this.#endIfIdle();
    }
  }

  /** Tells of an open session, and how to close it should the process end first. */
  opened(close: () => Promise<void>): void {
    this.#open.add(close);
  }

  /**
   * Releases a session when the runs that were asked for before it have ended, or nobody knows
   * whether the one that was aborted ever will.
   */
  async close(session: number, close: () => Promise<void>): Promise<void> {
    const released = this.request("release", { session }).catch(() => {}); // a lost thread holds nothing
    await Promise.race([released, this.#stuck.promise]);
    this.#open.delete(close);
    if (this.#isStuck && this.#open.size === 0) this.#leave();
    else this.#endIfIdle();
  }

  /** Never ends the thread before the process does. */
  pin(): void {
    this.#pinned = true;
  }

  /** The task that runs was aborted and does not end. */
  #giveUp(): void {
    this.#isStuck = true;
    this.#stuck.resolve();
    if (this.#queue.length === 0) this.#worker?.unref();
  }

  /** The task that ran has ended, or its thread was left. */
  #recover(): void {
    if (this.#isStuck) this.#stuck = Promise.withResolvers();
    this.#isStuck = false;
    this.#running = undefined;
  }

  /** Leaves a thread that does not come back; what waits for it goes to another. */
  #leave(): void {
    if (this.#pinned) return;
    const worker = this.#worker;
    this.#forget();
    this.#recover();
    // Takes effect when the engine's call returns, or with the end of the process.
    if (endsBusyThreads) worker?.terminate();
    else if (worker) {
      const gone = new Int32Array(new SharedArrayBuffer(4));
      this.#left.add(gone);
      worker.unref();
      worker.on("exit", () => this.#left.delete(gone));
      worker.postMessage({ kind: "leave", request: gone });
    }
    this.#next();
  }

  #next(): void {
    if (this.#running) {
      this.#worker?.ref();
      return;
    }
    const task = this.#queue.shift();
    if (!task) return;
    this.#running = task;
    const worker = this.#worker ?? this.#start();
    worker.ref();
    worker.postMessage({ kind: task.kind, request: task.request }, task.transfer);
  }

  #start(): Worker {
    const worker = new Worker(workerUrl());
    this.#worker = worker;
    worker.on("message", (message: ReplyMessage) => {
      if (worker !== this.#worker) return; // it was left
      const task = this.#running;
      this.#recover();
      if (this.#queue.length === 0) worker.unref();
      if (message.ok) task?.resolve(message.reply);
      else task?.reject(revive(message));
      this.#next();
      this.#endIfIdle();
    });
    worker.on("error", (error: Error) => this.#fail(worker, error.message));
    worker.on("exit", () => this.#fail(worker, "it ended"));
    this.#unwatch?.();
    this.#unwatch = watchProcessEnd(this.#runsDry, this.#ends);
    return worker;
  }

  #fail(worker: Worker, message: string): void {
    if (worker !== this.#worker) return;
    this.#forget();
    const error = new Error(`Cannot go on: the thread of the inference engine failed: ${message}`);
    this.#running?.reject(error);
    this.#recover();
    for (const task of this.#queue.splice(0)) task.reject(error);
    this.#open.clear();
  }

  /** Unreleased sessions leak, and crash WebGPU at exit: close them when the process runs dry. */
  readonly #runsDry = (): boolean => {
    const open = [...this.#open];
    for (const close of open) close().catch(() => {});
    return open.length > 0;
  };

  /** An exit that the program calls for leaves no time but this: wait for the thread to let go of the graphics driver. */
  readonly #ends = (): void => {
    const busy = !endsBusyThreads && this.#running !== undefined;
    const awaited = [...this.#left];
    if (this.#worker && (busy || this.#pinned && this.#open.size > 0)) {
      const released = new Int32Array(new SharedArrayBuffer(4));
      this.#worker.postMessage({ kind: "end", request: released });
      awaited.push(released);
    }
    const outcomes = awaited.map((flag) => Atomics.wait(flag, 0, 0, longestEnd));
    if (!endsBusyThreads && outcomes.includes("timed-out")) killProcess();
  };

  #endIfIdle(): void {
    const idle = !this.#running && this.#queue.length === 0 && this.#open.size === 0 &&
      this.#holds === 0;
    if (!idle || this.#pinned || !this.#worker) return;
    const worker = this.#worker;
    this.#forget();
    worker.terminate();
  }

  #forget(): void {
    this.#worker = undefined;
    if (this.#left.size === 0) this.#unwatch?.();
  }
}

/** Node's Worker takes files only: a package that was imported over https gets a stub that imports it. */
function workerUrl(): URL {
  const url = siblingUrl("_worker", import.meta.url);
  if (url.protocol === "file:") return url;
  return new URL(`data:text/javascript,import ${JSON.stringify(url.href)};`);
}

/** The process's only one. */
export const engineWorker: EngineWorker = new EngineWorker();
