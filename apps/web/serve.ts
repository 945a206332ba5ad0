/**
 * A server of static files that lets the page use threads.
 *
 * @module
 */
import { join } from "@std/path";

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  mjs: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
};

/** Answers requests with the files of a folder. */
export function staticHandler(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Cannot answer: expected GET or HEAD\n", { status: 405 });
    }
    // URL has taken "..", encoded or not, out of the path; what is left encoded is no file of ours.
    let { pathname } = new URL(request.url);
    if (pathname.endsWith("/")) pathname += "index.html";
    const path = join(folder, pathname);
    const info = await Deno.stat(path).catch(() => undefined);
    if (!info?.isFile) return new Response("There is no such file\n", { status: 404 });
    const headers = new Headers({
      "content-type": TYPES[/\w+$/.exec(path)?.[0] ?? ""] ?? "application/octet-stream",
      "content-length": `${info.size}`,
      "cache-control": "no-cache",
      "last-modified": (info.mtime ?? new Date(0)).toUTCString(),
      // SharedArrayBuffer, and so threads, is for isolated pages.
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    if (request.method === "HEAD") return new Response(null, { headers });
    const file = await Deno.open(path, { read: true });
    return new Response(file.readable, { headers });
  };
}
