/**
 * Downloads models from the Hugging Face hub, or a server that speaks its protocol, into the cache
 * that Python's huggingface_hub uses too.
 *
 * @module
 */

import { join } from "node:path";
import { hubEndpoint } from "./_address.ts";
import type { HubFile } from "./_blob.ts";
import { cacheFolders, environmentFlag, hubToken, writeWhole } from "./_cache.ts";
import { HubError } from "./_error.ts";
import { hubCacheFolder } from "./_folder.ts";
import { isHubId } from "./_id.ts";
import { environment } from "../files/_builtin.ts";
import {
  chooseWeights,
  classOf,
  hasVariant,
  missingGraphs,
  type ModelIndex,
  neededFiles,
} from "../model_index.ts";
import { pickleReason } from "../safetensors/_other_formats.ts";
import type { Hub } from "./_http.ts";
import { listFiles, resolveCommit } from "./_listing.ts";
import { shown } from "../_shown.ts";
import { cachedSnapshot, fetchAll, fetchFile, readIndex, type Snapshot } from "./_snapshot.ts";

import type { HubProgress } from "./_progress.ts";

export type { HubProgress } from "./_progress.ts";
export type { ModelIndex } from "../model_index.ts";

/** Settings of a download; every one has the default that Python's huggingface_hub has. */
export interface HubOptions {
  /** Branch, tag or commit; "main". */
  readonly revision?: string;
  /** The cache folder; see {@linkcode hubCacheFolder}. */
  readonly cacheDir?: string;
  /** Access token; HF_TOKEN or the stored login otherwise. `false` sends none. */
  readonly token?: string | false;
  /** The server; HF_ENDPOINT, else https://huggingface.co. */
  readonly endpoint?: string;
  /** Use only what is in the cache; HF_HUB_OFFLINE otherwise. */
  readonly offline?: boolean;
  /** The graphs to take, such as "fp16" for `model.fp16.onnx`. */
  readonly variant?: string;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: HubProgress) => void;
  /** Stops the download; what has arrived is kept for the next one. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds without a byte after which a connection is given up; HF_HUB_DOWNLOAD_TIMEOUT (in
   * seconds) otherwise, else 10 000. So is one that brings less than 1000 bytes in three times as long.
   */
  readonly timeout?: number;
  /** How many times a transient failure is tried again; 5. */
  readonly retries?: number;
  /** Milliseconds before the first retry, doubled each time; 500. */
  readonly backoff?: number;
}

/** A number of the options, or of the environment variable that stands in for it. */
function patience(name: string, value: number, least: number): number {
  if (value >= least) return value; // NaN is not
  throw new RangeError(
    `Cannot download: ${name} is ${value}; expected a number of at least ${least}`,
  );
}

/** How long a connection may be silent. */
function timeoutOf(options: HubOptions): number {
  if (options.timeout !== undefined) return patience("timeout", options.timeout, 1);
  const seconds = Number(environment("HF_HUB_DOWNLOAD_TIMEOUT") ?? 10);
  return patience("HF_HUB_DOWNLOAD_TIMEOUT", seconds, 0.001) * 1000;
}

function requireGraphs(
  hub: Hub,
  id: string,
  files: readonly HubFile[],
  index: ModelIndex,
  variant: string | undefined,
): void {
  const paths = files.map((file) => file.path);
  const missing = missingGraphs(paths, index, variant);
  if (missing.length > 0) {
    const graphs = missing.map(({ expected }) => expected).join(", ");
    const unknown = missing.filter(({ component }) => chooseWeights(paths, component, variant))
      .map(({ component }) => classOf(index, component));
    const pickles = paths.some((path) => pickleReason(path) !== undefined);
    throw new HubError(
      "no_onnx",
      `Cannot use "${id}": it has no ${graphs}` +
        (unknown.length > 0
          ? `; ${unknown.join(", ")} can be read from an ONNX export only: make one with ` +
            `\`optimum-cli export onnx --model ${id} <folder>\` and use the folder`
          : pickles
          ? `, and no .safetensors instead; it holds PyTorch checkpoints, which are Python pickles ` +
            `and can run any code; expected a revision that has .safetensors`
          : `; expected ONNX graphs or .safetensors in diffusers layout, see ${hub.endpoint}/${id}`),
    );
  }
  if (variant !== undefined && !hasVariant(paths, variant)) {
    const graphs = paths.filter((path) => /\.(onnx|safetensors)$/.test(path));
    throw new HubError(
      "file_not_found",
      `Cannot use "${id}": it has no variant "${variant}"; its files are ${graphs.join(", ")}`,
    );
  }
}

/** See {@linkcode downloadFromHub} of `platform.ts`. */
export async function downloadFromHub(id: string, options: HubOptions = {}): Promise<string> {
  if (!isHubId(id)) {
    throw new HubError(
      "bad_id",
      `Cannot download ${
        shown(id)
      }: it is no hub id; expected owner/name of letters, digits, "-", "_", "."`,
    );
  }
  const { revision = "main", cacheDir = hubCacheFolder(), variant, signal } = options;
  // deno-lint-ignore no-control-regex
  if (revision === "" || revision.split("/").some((part) => /^\.*$|[\\:\0-\x1f]/.test(part))) {
    throw new HubError("bad_id", `Cannot download "${id}": ${shown(revision)} is no revision`);
  }
  const folders = cacheFolders(cacheDir, id);
  const offline = options.offline ??
    (environmentFlag("HF_HUB_OFFLINE") || environmentFlag("TRANSFORMERS_OFFLINE"));
  if (offline) {
    const snapshot = await cachedSnapshot(folders, id, revision, variant);
    if (snapshot !== undefined) return snapshot;
    throw new HubError(
      "offline",
      `Cannot use "${id}" offline: revision "${revision}" is not in the cache, or not all of it; ` +
        `looked in ${folders.root}; download it once without offline mode`,
    );
  }
  const hub: Hub = {
    endpoint: hubEndpoint(
      options.endpoint ?? environment("HF_ENDPOINT") ?? "https://huggingface.co",
    ),
    token: options.token === false ? undefined : options.token?.trim() || await hubToken(),
    signal,
    timeout: timeoutOf(options),
    retries: patience("retries", options.retries ?? 5, 0),
    backoff: patience("backoff", options.backoff ?? 500, 0),
  };
  let commit: string;
  try {
    // Without a network nothing is lost yet: say so soon.
    commit = await resolveCommit({ ...hub, retries: Math.min(hub.retries, 2) }, id, revision);
  } catch (error) {
    const unreachable = error instanceof HubError && error.code === "network";
    const snapshot = unreachable ? await cachedSnapshot(folders, id, revision, variant) : undefined;
    if (snapshot === undefined) throw error;
    return snapshot;
  }
  const files = await listFiles(hub, id, commit);
  const indexFile = files.find((file) => file.path === "model_index.json");
  if (indexFile === undefined) {
    throw new HubError(
      "no_onnx",
      `Cannot use "${id}": it has no model_index.json; expected a repository in diffusers layout`,
    );
  }
  const snapshot: Snapshot = { id, commit, cacheDir, folders };
  const indexPath = await fetchFile(hub, snapshot, indexFile, () => {});
  const index = await readIndex(indexPath, id);
  requireGraphs(hub, id, files, index, variant);
  const needed = new Set(neededFiles(files.map((file) => file.path), index, variant));
  const wanted = files.filter((file) => needed.has(file.path));
  await fetchAll(hub, snapshot, wanted, options.onProgress);
  if (revision !== commit) await writeWhole(join(folders.refs, ...revision.split("/")), commit);
  return join(folders.snapshots, commit);
}
