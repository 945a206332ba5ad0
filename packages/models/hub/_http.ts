/**
 * Requests to a hub: redirects that drop the token when they leave the host, timeouts, retries with
 * backoff, and errors that say what a status means.
 *
 * @module
 */

import { isNotPermitted } from "../files/_absent.ts";
import { HubError, Transient } from "./_error.ts";

/** A hub, and how patient to be with it. */
export interface Hub {
  /** Without a trailing slash, such as `https://huggingface.co`. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly timeout: number;
  /** How many times a transient failure is tried again. */
  readonly retries: number;
  /** Milliseconds before the first retry; each later one waits twice as long. */
  readonly backoff: number;
}

const MAX_REDIRECTS = 10;
const MAX_DELAY_MS = 30_000;

/** Waits, or rejects with the signal's reason as soon as it aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Runs `attempt` until it succeeds, fails for good, or transient failures outnumber the retries. */
export async function withRetries<T>(
  hub: Hub,
  what: string,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let failures = 0;;) {
    hub.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      hub.signal?.throwIfAborted();
      if (!(error instanceof Transient)) throw error;
      if (failures >= hub.retries) {
        const times = failures === 0 ? "" : ` (tried ${failures + 1} times)`;
        throw new HubError(
          "network",
          `Cannot ${what}: ${error.message}${times}; check the network connection and ` +
            `${hub.endpoint}, or use a local folder or offline mode`,
          { cause: error },
        );
      }
      // Half of the wait is random, so that many processes do not come back at once.
      const wait = error.retryAfter ?? hub.backoff * 2 ** failures * (0.5 + Math.random() / 2);
      await delay(Math.min(wait, MAX_DELAY_MS), hub.signal);
      failures++;
    }
  }
}

/** Aborts when nothing has happened for a while; `feed` says that something has. */
export class Watchdog implements Disposable {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly signal: AbortSignal;

  constructor(ms: number, signal?: AbortSignal) {
    this.#ms = ms;
    this.signal = signal === undefined
      ? this.#controller.signal
      : AbortSignal.any([signal, this.#controller.signal]);
    this.feed();
  }

  feed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller.abort(new Transient(`no data for ${this.#ms / 1000} s`)),
      this.#ms,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** What fetch or a body reader threw, as a transient failure unless the caller aborted. */
export function connectionError(error: unknown, url: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof Transient || error instanceof HubError) return error;
  if (isNotPermitted(error)) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  const text = error instanceof Error
    ? cause === undefined ? error.message : `${error.message}, ${cause.message}`
    : String(error);
  return new Transient(`the connection to ${new URL(url).host} failed: ${text}`, { cause: error });
}

/**
 * One request, following redirects by hand: the token goes to the host it was meant for and no
 * other. Any status below 500 but 408 and 429 is returned for the caller to judge.
 */
export async function request(
  hub: Hub,
  url: string,
  watchdog: Watchdog,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const home = new URL(hub.endpoint).origin;
  let target = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const own = new URL(target).origin === home;
    let response: Response;
    try {
      response = await fetch(target, {
        redirect: "manual",
        signal: watchdog.signal,
        headers: {
          "Accept-Encoding": "identity",
          "User-Agent": "shum/0.1",
          ...headers,
          ...(own && hub.token !== undefined ? { Authorization: `Bearer ${hub.token}` } : {}),
        },
      });
    } catch (error) {
      throw connectionError(error, target, hub.signal);
    }
    watchdog.feed();
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      target = new URL(location, target).href;
      if (!/^https?:/.test(target)) {
        throw new HubError("http", `Cannot follow the redirect of ${url} to ${target}`);
      }
      continue;
    }
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      await response.body?.cancel();
      const seconds = Number(response.headers.get("retry-after") ?? NaN);
      throw new Transient(
        `${new URL(target).host} answered ${response.status} ${response.statusText}`,
        Number.isFinite(seconds) ? { retryAfter: seconds * 1000 } : {},
      );
    }
    return response;
  }
  throw new HubError("http", `Cannot get ${url}: more than ${MAX_REDIRECTS} redirects`);
}

/** The error that a refused request means: what is missing, and how to get at it. */
export async function statusError(
  hub: Hub,
  response: Response,
  id: string,
  revision: string,
  path?: string,
): Promise<HubError> {
  await response.body?.cancel();
  const { status } = response;
  const code = response.headers.get("x-error-code") ?? "";
  const what = path === undefined ? `"${id}"` : `${path} of "${id}"`;
  const page = `${hub.endpoint}/${id}`;
  const withToken = hub.token === undefined
    ? "no token was sent: set HF_TOKEN, or the token option"
    : "the token that was sent gives no access to it";
  if (code === "GatedRepo" || (status === 403 && code === "")) {
    return new HubError(
      "gated",
      `Cannot download ${what}: the repository is gated; accept its conditions at ${page} and use ` +
        `your own token (${withToken})`,
      { status },
    );
  }
  if (status === 401 || status === 403) {
    return new HubError(
      "unauthorized",
      `Cannot download ${what}: the hub answered ${status}, as it does for a repository that is ` +
        `private, gated or does not exist; check the name at ${page} (${withToken})`,
      { status },
    );
  }
  if (code === "RevisionNotFound") {
    return new HubError(
      "revision_not_found",
      `Cannot download ${what}: it has no revision "${revision}"; expected a branch, tag or commit ` +
        `listed at ${page}/tree/main`,
      { status },
    );
  }
  if (code === "EntryNotFound" || (status === 404 && path !== undefined)) {
    return new HubError(
      "file_not_found",
      `Cannot download ${what}: revision "${revision}" has no such file; see ${page}/tree/${revision}`,
      { status },
    );
  }
  if (status === 404) {
    return new HubError(
      "not_found",
      `Cannot download ${what}: ${hub.endpoint} has no such repository or revision "${revision}"; ` +
        `check the name at ${page}`,
      { status },
    );
  }
  return new HubError(
    "http",
    `Cannot download ${what}: ${hub.endpoint} answered ${status} ${response.statusText}`,
    { status },
  );
}
