/**
 * Requests to one of several servers that hold the same models: in turn, the next one when one fails.
 *
 * @module
 */

/** How requests are made. */
export interface RequestOptions {
  /** Milliseconds for one try. */
  readonly timeout: number;
  /** Tries beyond the first. */
  readonly retries: number;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One request. */
export interface Request {
  readonly method?: string | undefined;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends it at once. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that a server that failed is left alone while others work. */
const REST = 5000;
/** The first wait between tries; it doubles. */
const FIRST_WAIT = 100;

/** An answer that no other try would change. */
export class RefusedError extends Error {
  /** The status of the answer. */
  readonly status: number;

  /** Makes an error of a server's answer. */
  constructor(message: string, status: number) {
    super(message);
    this.name = "RefusedError";
    this.status = status;
  }
}

/** Servers, and when each failed last. */
export class Addresses {
  readonly #urls: readonly URL[];
  readonly #failed = new Map<string, number>();
  readonly #options: RequestOptions;
  #turn = 0;

  /** Balances over these. */
  constructor(urls: readonly URL[], options: RequestOptions) {
    this.#urls = urls;
    this.#options = options;
  }

  /** All, for messages. */
  toString(): string {
    return this.#urls.map(({ href }) => href).join(", ");
  }

  /**
   * Makes a request, anew at another server when a connection breaks, a server is slow or answers 5xx
   * or 429: what is asked is pure, so asking twice does no harm.
   *
   * @param path Below each address.
   * @param request What is asked.
   * @throws {RefusedError} if a server refuses it (4xx).
   * @throws {Error} if no server answered; says what the last one did.
   */
  async request(
    path: string,
    { method = "GET", body, headers, signal }: Request = {},
  ): Promise<{ body: Uint8Array<ArrayBuffer>; headers: Headers }> {
    const { timeout, retries } = this.#options;
    let reason = "";
    for (let tried = 0; tried <= retries; tried++) {
      if (tried > 0) await wait(FIRST_WAIT * 2 ** (tried - 1), signal);
      const url = this.#next();
      try {
        const limit = AbortSignal.timeout(timeout);
        const response = await fetch(new URL(path, url), {
          method,
          ...body && { body },
          headers: { ...this.#options.headers, ...headers },
          redirect: "error",
          signal: signal ? AbortSignal.any([signal, limit]) : limit,
        });
        const answer = new Uint8Array(await response.arrayBuffer());
        if (response.ok) {
          this.#failed.delete(url.href);
          return { body: answer, headers: response.headers };
        }
        const said = `${url.href} answered ${response.status}${errorOf(answer)}`;
        if (response.status < 500 && response.status !== 429) {
          throw new RefusedError(said, response.status);
        }
        reason = said;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof RefusedError) throw error;
        if ((error as Error).name === "NotCapable") {
          throw new Error(`there is no permission to reach ${url.href} (deno run --allow-net)`);
        }
        reason = (error as Error).name === "TimeoutError"
          ? `${url.href} did not answer within ${timeout} ms`
          : `${url.href} could not be reached`;
      }
      this.#failed.set(url.href, performance.now());
    }
    throw new Error(`${reason}, after ${retries + 1} tries`);
  }

  /** The next in turn that has not failed lately; else the one that failed longest ago. */
  #next(): URL {
    const now = performance.now();
    const rested = (url: URL) => now - (this.#failed.get(url.href) ?? -Infinity);
    const inTurn = this.#urls.map((_, i) => this.#urls[(this.#turn + i) % this.#urls.length]!);
    this.#turn++;
    return inTurn.find((url) => rested(url) > REST) ??
      inTurn.reduce((best, url) => rested(url) > rested(best) ? url : best);
  }
}

/** What an error's body says: `{"error": "..."}`. */
function errorOf(body: Uint8Array): string {
  try {
    const { error } = JSON.parse(new TextDecoder().decode(body.subarray(0, 100_000)));
    return typeof error === "string" ? `: ${error.slice(0, 500)}` : "";
  } catch {
    return "";
  }
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
