import { BufferPool, decodeTensor, encodeFeeds } from "./_feeds.ts";
import type { OpenReply, RunReply, RunRequest } from "./_worker_messages.ts";
import type { Device, RunSettings, Session, TensorInfo } from "../session.ts";
import type { Tensor } from "../tensor.ts";

/** The side of a worker's client that an open session needs. */
export interface SessionWorker {
  /** Asks the worker to run a graph. */
  request(
    kind: "run",
    request: RunRequest,
    transfer: ArrayBuffer[],
    signal: AbortSignal | undefined,
  ): Promise<RunReply>;
  /** Whether a session went with a worker that failed. */
  isLost?(session: number): boolean;
}

/** A graph that a worker holds: feeds are cast into buffers that go there and come back. */
export class WorkerSession implements Session {
  readonly path: string;
  readonly device: Device;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #worker: SessionWorker;
  readonly #id: number;
  readonly #release: () => Promise<void>;
  readonly #pool = new BufferPool();
  #closing: Promise<void> | undefined;

  /**
   * A session that the worker has opened.
   *
   * @param path What messages call the graph.
   * @param id Its number in the worker.
   * @param reply What the worker said of it.
   * @param worker Runs it.
   * @param release Waits for the runs that were asked for before, and lets go of it.
   */
  constructor(
    path: string,
    id: number,
    reply: OpenReply,
    worker: SessionWorker,
    release: () => Promise<void>,
  ) {
    this.path = path;
    this.device = reply.device;
    this.inputs = reply.inputs;
    this.outputs = reply.outputs;
    this.inputNames = reply.inputs.map(({ name }) => name);
    this.outputNames = reply.outputs.map(({ name }) => name);
    this.#id = id;
    this.#worker = worker;
    this.#release = release;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { signal, outputs = this.outputNames }: RunSettings = {},
  ): Promise<Record<string, Tensor>> {
    if (this.#closing) throw new Error(`Cannot run "${this.path}": the session is closed`);
    if (this.#worker.isLost?.(this.#id)) {
      throw new Error(
        `Cannot run "${this.path}": the worker failed since it was opened; reopen it`,
      );
    }
    signal?.throwIfAborted();
    for (const name of outputs) {
      if (!this.outputNames.includes(name)) {
        throw new TypeError(
          `Cannot run "${this.path}": output "${name}" is unknown; expected ${
            this.outputNames.join(", ")
          }`,
        );
      }
    }
    const encoded = encodeFeeds(this.path, this.inputs, feeds, this.#pool);
    const reply = await this.#worker.request(
      "run",
      { session: this.#id, feeds: encoded, outputs },
      encoded.map(({ buffer }) => buffer),
      signal,
    );
    for (const buffer of reply.returned) this.#pool.give(buffer);
    return Object.fromEntries(reply.outputs.map((value) => [value.name, decodeTensor(value)]));
  }

  /** Closes it, once. */
  readonly close = (): Promise<void> => this.#closing ??= this.#release();

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
