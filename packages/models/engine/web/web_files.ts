import { componentFolders, componentKind, components, type ModelIndex } from "../../model_index.ts";
import type { ModelFiles } from "../../model_files.ts";

/** How far the download of a file is. */
export interface FileProgress {
  /** Its path in the model, such as "unet/model.onnx". */
  readonly path: string;
  /** Bytes that are here. */
  readonly loaded: number;
  /** Bytes of the whole, as far as the server tells. */
  readonly total: number;
  /** Whether it was kept from an earlier visit. */
  readonly cached: boolean;
}

/** How {@linkcode webFiles} fetches. */
export interface WebFilesOptions {
  /** Told of each piece of a graph that arrives. */
  readonly onProgress?: ((progress: FileProgress) => void) | undefined;
  /** The name of the cache that keeps the files; `false` keeps none. Default: "shum-models". */
  readonly cache?: string | false | undefined;
  /** Stops what is being fetched. */
  readonly signal?: AbortSignal | undefined;
}

/** The files of a model at an address. */
export interface WebFiles extends ModelFiles {
  /** Bytes of all files that it may need, as far as the server tells. */
  readonly size: number;
  /** The paths of the files that there are, and their bytes. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** What the server says of a file. */
interface Found {
  readonly size: number;
  /** Changes with the file. */
  readonly stamp: string;
}

const CACHE = "shum-models";
const STAMP = "x-shum-stamp";

/**
 * The files of a model in diffusers' ONNX layout at an address: graphs as bytes that hold their
 * weights. What was fetched is kept by the browser's Cache API, and fetched anew when the server's
 * differs; without a network what is kept is used. Files that are whole are not fetched twice.
 *
 * @param baseUrl The model's folder, relative to the page too.
 * @param options Who is told of progress, and where files are kept.
 * @throws {Error} if the address holds no model_index.json.
 * @throws {SyntaxError} if that is not JSON.
 *
 * @example No model
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { webFiles } from "@shum/models/web";
 *
 * await assertRejects(() => webFiles("data:,", { cache: false }), TypeError, "data:,");
 * ```
 */
export async function webFiles(
  baseUrl: string | URL,
  options: WebFilesOptions = {},
): Promise<WebFiles> {
  const { onProgress, signal } = options;
  const base = folderUrl(baseUrl);
  const name = options.cache ?? CACHE;
  // Where the page is not served securely there is no Cache API.
  const cache = name === false ? undefined : await globalThis.caches?.open(name);
  const going = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  const { index, found } = await list(base, cache, signal);
  const missing = (path: string) =>
    new Error(`Cannot read "${base}${path}": there is none; expected a model in diffusers' layout`);

  async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const file = found.get(path);
    if (!file) throw missing(path);
    const url = new URL(path, base);
    const kept = await cache?.match(url);
    if (kept?.headers.get(STAMP) === file.stamp) {
      onProgress?.({ path, loaded: file.size, total: file.size, cached: true });
      return await kept.bytes();
    }
    const bytes = await download(url, path, file.size, { onProgress, signal });
    await cache?.put(url, new Response(bytes, { headers: { [STAMP]: file.stamp } }))
      .catch(() => {}); // no room: then it is fetched again the next time
    return bytes;
  }

  /** Whoever asks while a file is fetched gets the same bytes. */
  function shared(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const known = going.get(path) ?? read(path).finally(() => going.delete(path));
    going.set(path, known);
    return known;
  }

  const text = async (path: string) => new TextDecoder().decode(await shared(path));
  const join = (component: string, name: string) =>
    component === "" ? name : `${component}/${name}`;
  return {
    id: base.href,
    index,
    sizes: new Map([...found].map(([path, { size }]) => [path, size])),
    size: [...found.values()].reduce((sum, { size }) => sum + size, 0),
    has: (component, name = "model.onnx") => found.has(join(component, name)),
    json: async (component, name) =>
      parse(await text(join(component, name)), join(component, name)),
    text: (component, name) => text(join(component, name)),
    graph: (component) => shared(join(component, "model.onnx")),
  };
}

/**
 * Bytes that {@linkcode webFiles} keeps.
 *
 * @param cache The cache's name, if it is not the usual one.
 *
 * @example Nothing was fetched
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cachedBytes } from "@shum/models/web";
 *
 * assertEquals(await cachedBytes("nothing"), 0);
 * ```
 */
export async function cachedBytes(cache: string = CACHE): Promise<number> {
  if (!await globalThis.caches?.has(cache)) return 0;
  const opened = await caches.open(cache);
  let sum = 0;
  for (const request of await opened.keys()) {
    sum += (await (await opened.match(request))?.blob())?.size ?? 0;
  }
  return sum;
}

/**
 * Forgets all that {@linkcode webFiles} keeps.
 *
 * @param cache The cache's name, if it is not the usual one.
 * @returns Whether there was anything.
 *
 * @example Nothing was fetched
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { emptyCache } from "@shum/models/web";
 *
 * assertEquals(await emptyCache("nothing"), false);
 * ```
 */
export async function emptyCache(cache: string = CACHE): Promise<boolean> {
  return await globalThis.caches?.delete(cache) ?? false;
}

function folderUrl(url: string | URL): URL {
  const base = new URL(url, (globalThis.location as Location | undefined)?.href);
  if (base.protocol !== "http:" && base.protocol !== "https:") {
    throw new TypeError(`Cannot open model "${url}": expected an address of http or https`);
  }
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

/** Which files there are: a server lists no folders, so each that a pipeline may read is asked for. */
async function list(
  base: URL,
  cache: Cache | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly index: ModelIndex; readonly found: ReadonlyMap<string, Found> }> {
  const key = new URL("?shum-listing", base);
  try {
    const response = await fetch(new URL("model_index.json", base), {
      signal: signal ?? null,
      cache: "no-cache",
    });
    if (!response.ok) {
      throw new Error(
        `Cannot open model "${base}": the server answered ${response.status} for model_index.json; ` +
          `expected the address of a model's folder`,
      );
    }
    const index = parse(await response.text(), "model_index.json") as ModelIndex;
    const asked = await Promise.all(
      candidates(index).map(async (path) => {
        const url = new URL(path, base);
        const head = await fetch(url, {
          method: "HEAD",
          signal: signal ?? null,
          cache: "no-cache",
        });
        return [path, head] as const;
      }),
    );
    const found = asked.filter(([, { ok }]) => ok).map(([path, { headers }]) => {
      const size = Number(headers.get("content-length") ?? 0);
      const stamp = `${size} ${headers.get("etag") ?? headers.get("last-modified") ?? ""}`;
      return [path, { size, stamp }] as const;
    });
    await cache?.put(key, Response.json({ index, found })).catch(() => {});
    return { index, found: new Map(found) };
  } catch (error) {
    signal?.throwIfAborted();
    // fetch says TypeError where there is no network.
    const kept = error instanceof TypeError ? await cache?.match(key) : undefined;
    if (!kept) throw error;
    const { index, found } = await kept.json();
    return { index, found: new Map(found) };
  }
}

/** Every file that a pipeline may read of what the index names. */
function candidates(index: ModelIndex): string[] {
  const files = {
    network: ["config.json", "model.onnx"],
    tokenizer: ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"],
    scheduler: ["scheduler_config.json"],
    unused: [],
  };
  return components(index).flatMap((name) =>
    (componentKind(name) === "network" ? componentFolders(name) : [name]).flatMap((folder) =>
      files[componentKind(name)].map((file) => `${folder}/${file}`)
    )
  );
}

async function download(
  url: URL,
  path: string,
  size: number,
  { onProgress, signal }: WebFilesOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal: signal ?? null, cache: "no-store" });
  if (!response.ok || response.body === null) {
    throw new Error(`Cannot read "${url}": the server answered ${response.status}; expected 200`);
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  for (const reader = response.body.getReader();;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    loaded += value.length;
    // The server may tell the length of what it packs.
    onProgress?.({ path, loaded, total: Math.max(size, loaded), cached: false });
  }
  return await new Blob(pieces).bytes();
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`Cannot read ${path}: it is not JSON; expected the model's own`);
  }
}
