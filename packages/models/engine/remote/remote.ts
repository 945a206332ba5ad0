/**
 * Networks on servers: Triton, KServe, and whatever else speaks the Open Inference Protocol.
 *
 * @module
 */

import { BufferPool, decodeTensor, encodeFeeds } from "../_feeds.ts";
import { describeSource } from "../_graph_source.ts";
import type { Engine, GraphSource } from "../engine.ts";
import type { RunSettings, Session, SessionOptions, TensorInfo } from "../../session.ts";
import type { Tensor } from "../../tensor.ts";
import { Addresses, RefusedError } from "./_addresses.ts";
import {
  encodeRequest,
  HEADER_LENGTH,
  type Metadata,
  readMetadata,
  readTensors,
} from "./_protocol.ts";

/** How {@linkcode remote} reaches its servers. */
export interface RemoteOptions {
  /** The servers' addresses; several hold the same models and are asked in turn. */
  readonly url: string | readonly string[];
  /**
   * What a server calls a graph; by default the folder that the graph lies in, such as "unet".
   */
  readonly nameOf?: ((source: GraphSource) => string) | undefined;
  /** Serves the graphs that no server has; without it they are an error. */
  readonly local?: Engine | undefined;
  /**
   * What a graph reads and gives, by its name there, where a server does not tell (KServe with a model
   * of one's own may not).
   */
  readonly metadata?: Readonly<Record<string, Metadata>> | undefined;
  /** Milliseconds for one call; a minute by default. */
  readonly timeout?: number | undefined;
  /** Tries beyond the first, on broken connections, 429 and 5xx; 3 by default. */
  readonly retries?: number | undefined;
  /** Sent with every request, such as `{ authorization: "Bearer ..." }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * An engine whose networks run elsewhere, over version 2 of the Open Inference Protocol with binary
 * tensors, https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol.
 *
 * @param options The servers' addresses, and how they are asked.
 * @returns An engine to open a model with.
 * @throws {TypeError} if an address is no http or https URL.
 * @throws {RangeError} if timeout or retries make no sense.
 *
 * @example The denoiser on a server, everything else here
 * ```ts no-assert
 * import { remote } from "@shum/models/remote";
 * import { nodeEngine } from "@shum/models/node";
 *
 * const engine = remote({ url: ["http://127.0.0.1:8000", "http://127.0.0.1:8001"], local: nodeEngine() });
 * ```
 */
export function remote(options: RemoteOptions): Engine {
  const { timeout = 60_000, retries = 3, headers = {}, nameOf = folderOf, local } = options;
  const urls = [options.url].flat().map(addressOf);
  if (urls.length === 0) {
    throw new TypeError("Cannot use remote engine: url is empty; expected one");
  }
  if (!(timeout > 0 && timeout < 2 ** 31)) {
    throw new RangeError(
      `Cannot use remote engine: timeout is ${timeout}; expected milliseconds above 0`,
    );
  }
  if (!Number.isInteger(retries) || retries < 0 || retries > 100) {
    throw new RangeError(
      `Cannot use remote engine: retries is ${retries}; expected a whole number from 0 to 100`,
    );
  }
  const servers = new Addresses(urls, { timeout, retries, headers });
  return {
    name: `remote (${servers})`,
    async probe() {
      const here = await local?.probe() ?? [];
      await servers.request("v2/health/ready").catch((error: Error) => {
        throw new Error(
          `Cannot use remote engine: ${error.message}; expected a server that is ready`,
        );
      });
      return here;
    },
    async open(source: GraphSource, settings: SessionOptions = {}): Promise<Session> {
      const name = nameOf(source);
      const path = `v2/models/${encodeURIComponent(name)}`;
      let metadata: Metadata;
      try {
        const { body } = await servers.request(path, { signal: settings.signal });
        metadata = readMetadata(parseJson(body));
      } catch (error) {
        settings.signal?.throwIfAborted();
        const unknown = error instanceof RefusedError &&
          (error.status === 404 || error.status === 400);
        if (unknown && local) return await local.open(source, settings);
        throw new Error(
          `Cannot open "${name}" (${describeSource(source)}): ${
            (error as Error).message
          }; expected a ` +
            `server with a model of that name`,
          { cause: error },
        );
      }
      if (metadata.inputs.length === 0) metadata = options.metadata?.[name] ?? metadata;
      if (metadata.inputs.length === 0 || metadata.outputs.length === 0) {
        throw new TypeError(
          `Cannot open "${name}": ${servers} does not tell what it reads and gives; expected it in ` +
            `the option metadata`,
        );
      }
      return new RemoteSession(name, path, metadata, servers);
    },
  };
}

function addressOf(text: string): URL {
  let url;
  try {
    url = new URL(text.endsWith("/") ? text : `${text}/`);
  } catch {
    throw new TypeError(`Cannot use remote engine: url is "${text}"; expected http://host:port`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`Cannot use remote engine: url is "${text}"; expected http or https`);
  }
  return url;
}

/** The folder that a graph lies in: "unet" of "model/unet/model.onnx". */
function folderOf(source: GraphSource): string {
  if (source instanceof Uint8Array) {
    throw new TypeError(
      `Cannot open ${describeSource(source)} on a server: expected a path, or the option nameOf`,
    );
  }
  const path = source instanceof URL ? source.pathname : source;
  const names = path.split(/[\\/]/).filter((name) => name !== "");
  return (names.at(-1)!.endsWith(".onnx") ? names.at(-2) : names.at(-1)) ?? path;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new SyntaxError("its answer is not JSON");
  }
}

/** A scalar as a list of one, where a server has no scalars. */
function ofRank(feed: Tensor, info: TensorInfo | undefined): Tensor {
  const [size] = info?.shape ?? [];
  const one = info?.shape.length === 1 && (size === 1 || typeof size === "string");
  return feed.shape.length === 0 && one ? { ...feed, shape: [1] } : feed;
}

class RemoteSession implements Session {
  readonly path: string;
  readonly device = "remote";
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #route: string;
  readonly #servers: Addresses;
  readonly #pool = new BufferPool();
  #closed = false;

  constructor(name: string, route: string, { inputs, outputs }: Metadata, servers: Addresses) {
    this.path = name;
    this.inputs = inputs;
    this.outputs = outputs;
    this.inputNames = inputs.map(({ name }) => name);
    this.outputNames = outputs.map(({ name }) => name);
    this.#route = `${route}/infer`;
    this.#servers = servers;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { signal, outputs = this.outputNames }: RunSettings = {},
  ): Promise<Record<string, Tensor>> {
    if (this.#closed) throw new Error(`Cannot run "${this.path}": the session is closed`);
    signal?.throwIfAborted();
    const infos = new Map(this.inputs.map((info) => [info.name, info]));
    const ranked = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [name, ofRank(feed, infos.get(name))]),
    );
    const encoded = encodeFeeds(this.path, this.inputs, ranked, this.#pool);
    const { body, headers } = encodeRequest(encoded, outputs);
    for (const { buffer } of encoded) this.#pool.give(buffer);
    try {
      const answer = await this.#servers.request(this.#route, {
        method: "POST",
        body,
        headers,
        signal,
      });
      const tensors = readTensors(answer.body, answer.headers.get(HEADER_LENGTH), "outputs");
      return Object.fromEntries(outputs.map((name) => {
        const found = tensors.find((tensor) => tensor.name === name);
        if (!found) throw new SyntaxError(`its answer has no output "${name}"`);
        const { bytes, type, shape } = found;
        return [name, decodeTensor(asFloat32({ name, type, shape, buffer: bytes.buffer }))];
      }));
    } catch (error) {
      signal?.throwIfAborted();
      throw new Error(`Cannot run "${this.path}" on a server: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}

/** Half and double precision arrive as single precision, as from every engine. */
function asFloat32(tensor: Parameters<typeof decodeTensor>[0]): Parameters<typeof decodeTensor>[0] {
  const { type, buffer } = tensor;
  if (type !== "float16" && type !== "float64") return tensor;
  const values = type === "float16" ? new Float16Array(buffer) : new Float64Array(buffer);
  return { ...tensor, type: "float32", buffer: Float32Array.from(values).buffer };
}
