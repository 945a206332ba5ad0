/**
 * Requests to a hub: redirects that drop the token when they leave the host, timeouts, retries with
 * backoff, and errors that say what a status means.
 *
 * @module
 */

import { isNotPermitted } from "../files/_absent.ts";
import { ledTo } from "./_address.ts";
import { HubError, Transient } from "./_error.ts";
import { delay, type Pace, retryAfter } from "./_pace.ts";
import { shown } from "../_shown.ts";

/** A hub, and how patient to be with it. */
export interface Hub {
  /** Without a trailing slash, such as `https://huggingface.co`. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds that a connection may be silent; it may crawl three times as long. */
  readonly timeout: number;
  /** How many times a transient failure is tried again. */
  readonly retries: number;
  /** Milliseconds before the first retry; each later one waits twice as long. */
  readonly backoff: number;
}

const MAX_REDIRECTS = 10;
const MAX_DELAY_MS = 30_000;

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
  pace: Pace,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const home = new URL(hub.endpoint).origin;
  let target = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const own = new URL(target).origin === home;
    let response: Response;
    try {
      const sent = fetch(target, {
        redirect: "manual",
        signal: pace.signal,
        headers: {
          "Accept-Encoding": "identity",
          "User-Agent": "shum/0.1",
          ...headers,
          ...(own && hub.token !== undefined ? { Authorization: `Bearer ${hub.token}` } : {}),
        },
      });
      response = await pace.wait(sent);
    } catch (error) {
      throw connectionError(error, target, hub.signal);
    }
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      target = ledTo(target, location);
      continue;
    }
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      await response.body?.cancel();
      const wait = retryAfter(response.headers.get("retry-after"));
      throw new Transient(
        `${new URL(target).host} answered ${statusOf(response)}`,
        wait === undefined ? {} : { retryAfter: wait },
      );
    }
    return response;
  }
  throw new HubError("http", `Cannot get ${url}: more than ${MAX_REDIRECTS} redirects`);
}

/**
 * The bytes of an answer as they come.
 *
 * @throws {Transient} the connection broke, fell silent, or crawls
 */
export async function* bodyOf(
  hub: Hub,
  response: Response,
  url: string,
  pace: Pace,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const part = await pace.wait(reader.read());
      if (part.done) return;
      pace.count(part.value.length);
      yield part.value;
    }
  } catch (error) {
    throw connectionError(error, url, hub.signal);
  } finally {
    // Leaving early closes the connection; a body that was read to its end has none.
    reader.cancel().catch(() => {});
  }
}

/** The status of an answer and the words beside it, which are the server's. */
function statusOf({ status, statusText }: Response): string {
  return statusText === "" ? `${status}` : `${status} ${shown(statusText).slice(1, -1)}`;
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
    `Cannot download ${what}: ${hub.endpoint} answered ${statusOf(response)}`,
    { status },
  );
}
