/**
 * What a repository holds: the commit behind a revision, and its files with sizes and hashes.
 *
 * @module
 */

import type { HubFile } from "./_blob.ts";
import { HubError, Transient } from "./_error.ts";
import { connectionError, type Hub, request, statusError, Watchdog, withRetries } from "./_http.ts";

const MAX_PAGES = 200;

function badListing(id: string, why: string): HubError {
  return new HubError("bad_listing", `Cannot read the listing of "${id}": ${why}`);
}

/** The JSON at `url`, and the next page that its Link header names. */
function getJson(
  hub: Hub,
  url: string,
  id: string,
  revision: string,
): Promise<{ body: unknown; next: string | undefined }> {
  return withRetries(hub, `reach the hub for "${id}"`, async () => {
    using watchdog = new Watchdog(hub.timeout, hub.signal);
    const response = await request(hub, url, watchdog, { Accept: "application/json" });
    if (!response.ok) throw await statusError(hub, response, id, revision);
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw connectionError(error, url, hub.signal);
    }
    const next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
    try {
      return {
        body: JSON.parse(text),
        next: next === undefined ? undefined : new URL(next, url).href,
      };
    } catch (error) {
      throw new Transient(`${url} did not answer with JSON`, { cause: error });
    }
  });
}

/** The commit that a branch, tag or commit prefix stands for now. */
export async function resolveCommit(hub: Hub, id: string, revision: string): Promise<string> {
  const url = `${hub.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`;
  const { body } = await getJson(hub, url, id, revision);
  const sha = (body as { sha?: unknown } | null)?.sha;
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) {
    throw badListing(id, `its commit is ${JSON.stringify(sha)}; expected 40 hexadecimal digits`);
  }
  return sha;
}

// A listing decides where files are written: a name must not lead out of the snapshot.
function safePath(path: string): boolean {
  const parts = path.split("/");
  // deno-lint-ignore no-control-regex
  return !/[\\:\0-\x1f]/.test(path) &&
    parts.every((part) => part !== "" && part !== "." && part !== "..");
}

/** Every file of a commit. */
export async function listFiles(hub: Hub, id: string, commit: string): Promise<HubFile[]> {
  const files: HubFile[] = [];
  let url: string | undefined = `${hub.endpoint}/api/models/${id}/tree/${commit}?recursive=true`;
  for (let page = 0; url !== undefined; page++) {
    if (page >= MAX_PAGES) throw badListing(id, `it has more than ${MAX_PAGES} pages`);
    const { body, next }: { body: unknown; next: string | undefined } = await getJson(
      hub,
      url,
      id,
      commit,
    );
    if (!Array.isArray(body)) throw badListing(id, "it is not a list");
    for (const entry of body) {
      if (entry?.type !== "file") continue;
      const { path, size } = entry;
      const hash = entry.lfs?.oid ?? entry.oid;
      if (typeof path !== "string" || !safePath(path)) {
        throw badListing(id, `it names a file ${JSON.stringify(path)}`);
      }
      const length = entry.lfs?.size ?? size;
      const known = typeof hash === "string" && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) &&
        Number.isSafeInteger(length) && length >= 0;
      if (!known) throw badListing(id, `${path} has hash ${hash} and size ${length}`);
      files.push({ path, size: length, hash });
    }
    url = next;
  }
  return files;
}
