/**
 * What a repository holds: the commit behind a revision, and its files with sizes and hashes.
 *
 * @module
 */

import { ledTo } from "./_address.ts";
import type { HubFile } from "./_blob.ts";
import { HubError, Transient } from "./_error.ts";
import { bodyOf, type Hub, request, statusError, withRetries } from "./_http.ts";
import { Pace } from "./_pace.ts";
import { shown } from "../_shown.ts";

/** What a listing may come to: more than the largest repositories have, a second of parsing. */
const MAX_PAGES = 200;
const MAX_FILES = 100_000;
const MAX_BYTES = 32 * 2 ** 20;
const MAX_LINK = 4000;
/** The longest path that every system takes, in bytes. */
const MAX_PATH = 1000;
const MAX_NAME = 200; // temporary names append to it

function badListing(id: string, why: string): HubError {
  return new HubError(
    "bad_listing",
    `Cannot read the listing of "${id}": ${why}; the hub is damaged, or hostile`,
  );
}

/** An answer of the hub, and the next page that its Link header names. */
interface Page {
  readonly body: unknown;
  readonly next: string | undefined;
  readonly bytes: number;
}

/** The JSON at `url`, of at most `limit` bytes. */
function getJson(
  hub: Hub,
  url: string,
  id: string,
  revision: string,
  limit: number,
): Promise<Page> {
  return withRetries(hub, `reach the hub for "${id}"`, async () => {
    const pace = new Pace(hub.timeout, hub.signal);
    const response = await request(hub, url, pace, { Accept: "application/json" });
    if (!response.ok) throw await statusError(hub, response, id, revision);
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    for await (const part of bodyOf(hub, response, url, pace)) {
      bytes += part.length;
      if (bytes > limit) throw badListing(id, `it has more than ${MAX_BYTES} bytes`);
      text += decoder.decode(part, { stream: true });
    }
    text += decoder.decode();
    const link = response.headers.get("link") ?? "";
    if (link.length > MAX_LINK) throw badListing(id, `its Link has ${link.length} letters`);
    const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1];
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (error) {
      throw new Transient(`${url} did not answer with JSON`, { cause: error });
    }
    return { body, bytes, next: next === undefined ? undefined : ledTo(url, next) };
  });
}

/** The commit that a branch, tag or commit prefix stands for now. */
export async function resolveCommit(hub: Hub, id: string, revision: string): Promise<string> {
  const url = `${hub.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`;
  const { body } = await getJson(hub, url, id, revision, MAX_BYTES);
  const sha = (body as { sha?: unknown } | null)?.sha;
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) {
    throw badListing(id, `its commit is ${shown(sha)}; expected 40 hexadecimal digits`);
  }
  return sha;
}

/** Names that mean a device on Windows, whatever their ending. */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;

// A listing decides where files are written: a name must not lead out of the snapshot, on any system.
function safePath(path: string): boolean {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  return path.length <= MAX_PATH && path.isWellFormed() && bytes(path) <= MAX_PATH &&
    // deno-lint-ignore no-control-regex
    !/[\\:\0-\x1f\x7f-\x9f]/.test(path) &&
    path.split("/").every((part) =>
      part !== "" && !/[. ]$/.test(part) && !DEVICE.test(part) && bytes(part) <= MAX_NAME
    );
}

/** An entry of a listing, checked; undefined for what is no file. */
function readEntry(entry: unknown, id: string): HubFile | undefined {
  const { type, path, size, oid, lfs } = (entry ?? {}) as Record<string, unknown>;
  if (type !== "file") return undefined;
  if (typeof path !== "string" || !safePath(path)) {
    throw badListing(id, `it names a file ${shown(path)}; expected a path inside the repository`);
  }
  const large = (lfs ?? {}) as Record<string, unknown>;
  const hash = large.oid ?? oid;
  const length = large.size ?? size;
  const known = typeof hash === "string" && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) &&
    Number.isSafeInteger(length) && (length as number) >= 0;
  if (!known) throw badListing(id, `${path} has hash ${shown(hash)} and size ${shown(length)}`);
  return { path, size: length as number, hash };
}

/** Every file of a commit. */
export async function listFiles(hub: Hub, id: string, commit: string): Promise<HubFile[]> {
  const files = new Map<string, HubFile>();
  let url: string | undefined = `${hub.endpoint}/api/models/${id}/tree/${commit}?recursive=true`;
  let left = MAX_BYTES;
  for (let page = 0; url !== undefined; page++) {
    if (page >= MAX_PAGES) throw badListing(id, `it has more than ${MAX_PAGES} pages`);
    const { body, next, bytes }: Page = await getJson(hub, url, id, commit, left);
    left -= bytes;
    if (!Array.isArray(body)) throw badListing(id, "it is not a list");
    for (const entry of body) {
      const file = readEntry(entry, id);
      if (file === undefined) continue;
      if (files.has(file.path)) throw badListing(id, `it names ${shown(file.path)} twice`);
      files.set(file.path, file);
      if (files.size > MAX_FILES) throw badListing(id, `it has more than ${MAX_FILES} files`);
    }
    url = next;
  }
  return [...files.values()];
}
