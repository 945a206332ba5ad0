/**
 * Keeps the page's own files for use without a network, and sets the headers that isolate it, so that
 * any static host will do. The model's files are kept by `webFiles()`.
 *
 * @module
 */

/** Filled in by the build: it changes with the files. */
const version = "__VERSION__";
const FILES = [
  "./",
  "./style.css",
  "./main.js",
  "./worker.js",
  "./icon.svg",
  "./manifest.webmanifest",
  "./ort/ort-wasm-simd-threaded.mjs",
  "./ort/ort-wasm-simd-threaded.wasm",
];

/** The part of a service worker's world that is used; the page's types do not have it. */
interface Scope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
}
interface Lasting {
  waitUntil(promise: Promise<unknown>): void;
}
interface Fetching {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
const scope = globalThis as unknown as Scope;
const PREFIX = "shum-page-";
const NAME = PREFIX + version;

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));
scope.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === location.origin && !url.pathname.includes("/models/");
  if (event.request.method === "GET" && ours) event.respondWith(answer(event.request));
});

async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES);
  await scope.skipWaiting();
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== NAME) await caches.delete(name);
  }
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (kept) return isolated(kept);
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return isolated(response);
}

function isolated(response: Response): Response {
  if (response.status === 0 || response.redirected) return response;
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  const { status, statusText, body } = response;
  return new Response(body, { status, statusText, headers });
}
