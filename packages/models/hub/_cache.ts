/**
 * The Hugging Face cache layout on disk: where it is, how a repository lies in it, how a snapshot
 * points at blobs. Python's huggingface_hub reads what this writes, and the other way round.
 *
 * @module
 */

import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";

/** The environment variable, if it may be read and is not empty. */
export function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined; // an empty variable counts as unset, as in Python's
  } catch {
    return undefined; // no permission to read it
  }
}

/** Whether a variable is set to 1, ON, YES or TRUE. */
export function environmentFlag(name: string): boolean {
  return ["1", "ON", "YES", "TRUE"].includes(environment(name)?.toUpperCase() ?? "");
}

/** The user's own folder; the variables first, which need no permission of their own to be asked. */
export function homeFolder(): string {
  const named = environment("HOME") ?? environment("USERPROFILE");
  if (named !== undefined) return named;
  try {
    return homedir();
  } catch (error) {
    throw new Error(
      "Cannot find the user's folder: neither HOME nor the system may be asked for it; expected " +
        "HF_HUB_CACHE or the cacheDir option, or Deno's permission for the environment",
      { cause: error },
    );
  }
}

function hubHome(): string {
  const home = environment("HF_HOME");
  if (home !== undefined) return home;
  return join(environment("XDG_CACHE_HOME") ?? join(homeFolder(), ".cache"), "huggingface");
}

/**
 * The folder that hub downloads are kept in: HF_HUB_CACHE, else HUGGINGFACE_HUB_CACHE, else `hub` in
 * HF_HOME, which is `huggingface` in XDG_CACHE_HOME or `~/.cache`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hubCacheFolder } from "@shum/models";
 *
 * Deno.env.set("HF_HUB_CACHE", "./models");
 * assertEquals(hubCacheFolder(), "./models");
 * Deno.env.delete("HF_HUB_CACHE");
 * ```
 */
export function hubCacheFolder(): string {
  return environment("HF_HUB_CACHE") ?? environment("HUGGINGFACE_HUB_CACHE") ??
    join(hubHome(), "hub");
}

/** The token of HF_TOKEN, else of the file HF_TOKEN_PATH or `token` in HF_HOME. */
export async function hubToken(): Promise<string | undefined> {
  if (environmentFlag("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return undefined;
  const named = environment("HF_TOKEN") ?? environment("HUGGING_FACE_HUB_TOKEN");
  if (named !== undefined) return named.trim();
  try {
    const file = environment("HF_TOKEN_PATH") ?? join(hubHome(), "token");
    return (await Deno.readTextFile(file)).trim() || undefined;
  } catch {
    return undefined; // no such file: anonymous
  }
}

/** The folders of one repository in the cache. */
export interface CacheFolders {
  readonly root: string;
  readonly blobs: string;
  readonly refs: string;
  readonly snapshots: string;
  readonly locks: string;
}

export function cacheFolders(cacheDir: string, id: string): CacheFolders {
  const name = `models--${id.replaceAll("/", "--")}`;
  const root = join(cacheDir, name);
  return {
    root,
    blobs: join(root, "blobs"),
    refs: join(root, "refs"),
    snapshots: join(root, "snapshots"),
    locks: join(cacheDir, ".locks", name),
  };
}

const COMMIT = /^[0-9a-f]{40}$/;

/** The commit a revision was last seen at; a full commit hash stands for itself. */
export async function cachedCommit(
  folders: CacheFolders,
  revision: string,
): Promise<string | undefined> {
  if (COMMIT.test(revision)) return revision;
  try {
    const commit = (await Deno.readTextFile(join(folders.refs, revision))).trim();
    return COMMIT.test(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces a file's text in one go: a reader sees the old or the new text. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  await Deno.writeTextFile(temporary, text);
  await Deno.rename(temporary, path);
}

/** The size of a file behind any links, or undefined where there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const info = await Deno.stat(path);
    return info.isFile ? info.size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Makes `pointer` lead to `blob`: a relative symlink, or the file itself where links cannot be made
 * (Windows without developer mode, some network drives, HF_HUB_DISABLE_SYMLINKS).
 */
export async function placeInSnapshot(
  blob: string,
  pointer: string,
  symlinks: boolean,
): Promise<void> {
  await Deno.mkdir(dirname(pointer), { recursive: true });
  if (symlinks) {
    const temporary = `${pointer}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.symlink(relative(dirname(pointer), blob), temporary);
      await Deno.rename(temporary, pointer);
      return;
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      const code = (error as { code?: string }).code;
      if (code === "ENOSPC" || code === "EROFS") throw error;
    }
  }
  await Deno.rename(blob, pointer);
}
