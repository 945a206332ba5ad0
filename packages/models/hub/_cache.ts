/**
 * The Hugging Face cache layout on disk: where it is, how a repository lies in it, how a snapshot
 * points at blobs. Python's huggingface_hub reads what this writes, and the other way round.
 *
 * @module
 */

import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { environment } from "../files/_builtin.ts";
import { isAbsent } from "../files/_absent.ts";
import { hubHome } from "./_folder.ts";

/** Whether a variable is set to 1, ON, YES or TRUE. */
export function environmentFlag(name: string): boolean {
  return ["1", "ON", "YES", "TRUE"].includes(environment(name)?.toUpperCase() ?? "");
}

/** The token of HF_TOKEN, else of the file HF_TOKEN_PATH or `token` in HF_HOME. */
export async function hubToken(): Promise<string | undefined> {
  if (environmentFlag("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return undefined;
  const named = environment("HF_TOKEN") ?? environment("HUGGING_FACE_HUB_TOKEN");
  if (named !== undefined) return named.trim();
  try {
    const file = environment("HF_TOKEN_PATH") ?? join(hubHome(), "token");
    return (await readFile(file, "utf8")).trim() || undefined;
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
    const commit = (await readFile(join(folders.refs, revision), "utf8")).trim();
    return COMMIT.test(commit) ? commit : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces a file's text in one go: a reader sees the old or the new text. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}

/** The size of a file behind any links, or undefined where there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const info = await stat(path);
    return info.isFile() ? info.size : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
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
  await mkdir(dirname(pointer), { recursive: true });
  if (symlinks) {
    const temporary = `${pointer}.${crypto.randomUUID()}.tmp`;
    try {
      await symlink(relative(dirname(pointer), blob), temporary);
      await rename(temporary, pointer);
      return;
    } catch (error) {
      await rm(temporary).catch(() => {});
      const code = (error as { code?: string }).code;
      if (code === "ENOSPC" || code === "EROFS") throw error;
    }
  }
  await rename(blob, pointer);
}
