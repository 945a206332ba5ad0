/**
 * What this package needs a platform for: files, the hub, and an engine that is no JavaScript. Each
 * function loads its implementation, `node.ts`, when it is first called.
 *
 * The import is computed, in this file only, because bundlers follow every other one: a program for the
 * browser would come with `node:fs` and onnxruntime-node, or rather fail to be built.
 *
 * @module
 */

import type { Engine, GraphSource } from "./engine/engine.ts";
import { siblingUrl } from "./files/_sibling.ts";
import type { HubOptions } from "./hub/hub.ts";
import type { CachedModel } from "./repository/_cached.ts";
import type { Repository, RepositoryOptions } from "./repository/repository.ts";
import type { DeviceProbe, Session, SessionOptions } from "./session.ts";

let loading: Promise<typeof import("./node.ts")> | undefined;

function load(): Promise<typeof import("./node.ts")> {
  const { process } = globalThis as { process?: { getBuiltinModule?: unknown } };
  if (process?.getBuiltinModule === undefined) {
    return Promise.reject(
      new Error(
        "Cannot open models by path or name: this platform is none of Deno, Node 24 and Bun; " +
          "expected the option engine, and the model's files as ModelFiles",
      ),
    );
  }
  return loading ??= import(siblingUrl("node", import.meta.url).href);
}

/** The engine of this platform: onnxruntime-node, in a thread of its own. */
export const platformEngine: Engine = {
  name: "the platform's",
  probe: probeDevices,
  open: openSession,
};

/**
 * Loads an ONNX model in the engine's thread: the caller's timers, progress and abort signals stay
 * alive while it loads and runs.
 *
 * Weights in files beside the model are found by themselves. A large model that runs on the CPU is
 * optimised once and loaded from its copy from then on (see {@linkcode SessionOptions.cacheDir}).
 *
 * @param source The `.onnx` file, its `file:` address, or a model's bytes.
 * @throws {RangeError} if `threads` or `device` makes no sense.
 * @throws {SyntaxError} if the file is not a whole ONNX model.
 * @throws {Error} if it is missing, was made for another device, or the engine refuses it.
 *
 * @example A file that does not exist
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openSession } from "@shum/models";
 *
 * await assertRejects(() => openSession("missing/model.onnx"), Error, "there is no such file");
 * ```
 */
export async function openSession(
  source: GraphSource,
  options: SessionOptions = {},
): Promise<Session> {
  return await (await load()).openSession(source, options);
}

/**
 * Tries every device on a tiny graph, one after another; once per process.
 *
 * @example The CPU always works
 * ```ts
 * import { assert } from "@std/assert";
 * import { probeDevices } from "@shum/models";
 *
 * const probes = await probeDevices();
 * assert(probes.find(({ device }) => device === "cpu")!.available);
 * ```
 */
export async function probeDevices(): Promise<readonly DeviceProbe[]> {
  return await (await load()).probeDevices();
}

/**
 * Opens a model: a local folder, a checkpoint in one `.safetensors` file, a hub id (`owner/name`,
 * `owner/name@revision`) or the address of its page. Everything that model_index.json names must be there and whole; otherwise the error
 * lists every problem at once. Graphs are looked at, not loaded.
 *
 * Layouts: optimum (`vae_encoder/`, `vae_decoder/`, `unet/` or `transformer/`, `model.onnx` with
 * `model.onnx_data`), the older diffusers one (`unet/weights.pb`), and that of PyTorch
 * (`unet/diffusion_pytorch_model.safetensors`, whole or in shards): then the graphs are written into the
 * cache folder, beside links to the weights.
 *
 * @throws {RepositoryError} no such folder, or something in it is missing or damaged
 * @throws {HubError} the download failed
 * @throws {SyntaxError} model_index.json is not JSON
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openRepository, RepositoryError } from "@shum/models";
 *
 * await assertRejects(() => openRepository("./no/such/folder"), RepositoryError, "no folder");
 * ```
 */
export async function openRepository(
  idOrPath: string,
  options: RepositoryOptions = {},
): Promise<Repository> {
  return await (await load()).openRepository(idOrPath, options);
}

/**
 * Brings the files that a pipeline needs into the cache and returns the snapshot folder. Files that
 * are there are not fetched again; a broken download goes on where it stopped; every file is checked
 * against the hash the hub lists for it. Without a network, a snapshot that is complete is used.
 *
 * @param id `owner/name` or `name`
 * @throws {HubError} its `code` says what failed, its message what to do
 * @throws {DOMException} AbortError, when the signal aborts
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { downloadFromHub, HubError } from "@shum/models";
 *
 * const cacheDir = await Deno.makeTempDir();
 * const download = () => downloadFromHub("owner/model", { cacheDir, offline: true });
 * await assertRejects(download, HubError, "not in the cache");
 * ```
 */
export async function downloadFromHub(id: string, options: HubOptions = {}): Promise<string> {
  return await (await load()).downloadFromHub(id, options);
}

/**
 * Lists the models in the hub's cache that have a model_index.json, whoever downloaded them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cachedModels } from "@shum/models";
 *
 * assertEquals(await cachedModels({ cacheDir: await Deno.makeTempDir() }), []);
 * ```
 */
export async function cachedModels(
  options: { readonly cacheDir?: string } = {},
): Promise<readonly CachedModel[]> {
  return await (await load()).cachedModels(options);
}
