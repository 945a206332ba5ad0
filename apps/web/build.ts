/**
 * Puts the page together: static files, for any host.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";

const root = fromFileUrl(new URL("../../", import.meta.url));
const page = join(root, "apps/web/page");
const MODEL = "shum-emoji-256";
const STATIC = ["index.html", "style.css", "icon.svg", "manifest.webmanifest"];
const ENGINE = [
  "ort-wasm-simd-threaded.mjs",
  "ort-wasm-simd-threaded.wasm",
  "ort-wasm-simd-threaded.asyncify.mjs",
  "ort-wasm-simd-threaded.asyncify.wasm",
];

/** Bundles a module for browsers. */
export async function bundle(entry: string, output: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--minify", "--platform", "browser", "-o", output, entry],
    cwd: root,
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`Cannot bundle ${entry}: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Builds the page into a folder. */
export async function build(out: string): Promise<void> {
  await Deno.mkdir(join(out, "ort"), { recursive: true });
  await Promise.all([
    bundle(join(page, "main.tsx"), join(out, "main.js")),
    bundle(join(root, "packages/models/engine/web/worker.ts"), join(out, "worker.js")),
    bundle(join(page, "service_worker.ts"), join(out, "service_worker.js")),
  ]);
  for (const name of STATIC) await Deno.copyFile(join(page, name), join(out, name));
  // The engine finds these beside each other; a bundler must not touch them.
  for (const name of ENGINE) {
    await Deno.copyFile(
      join(root, "node_modules/onnxruntime-web/dist", name),
      join(out, "ort", name),
    );
  }
  await stamp(out);
  await copyFolder(join(root, "weights", MODEL), join(out, "models", MODEL));
}

/** Tells the service worker a version that changes with what it keeps. */
async function stamp(out: string): Promise<void> {
  const names = [...STATIC, "main.js", "worker.js", ...ENGINE.map((name) => `ort/${name}`)];
  const parts = await Promise.all(names.map((name) => Deno.readFile(join(out, name))));
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
  const path = join(out, "service_worker.js");
  const text = await Deno.readTextFile(path);
  const version = new Uint8Array(hash).toHex().slice(0, 16);
  await Deno.writeTextFile(path, text.replace("__VERSION__", version));
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
