/**
 * One file from the hub into the cache: resumed where a cut connection left it, and checked against
 * the hash that the hub names it by before anything can see it.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { isAbsent } from "../files/_absent.ts";
import { fileSize } from "./_cache.ts";
import { HubError, Transient, writeError } from "./_error.ts";
import { bodyOf, type Hub, request, statusError, withRetries } from "./_http.ts";
import { Pace } from "./_pace.ts";

/** A file of a repository as the hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** sha256 (64 digits) of a large file, git blob sha1 (40) of a small one; names the blob. */
  readonly hash: string;
}

/** Where a blob comes from and goes to. */
export interface BlobJob {
  readonly id: string;
  readonly revision: string;
  readonly url: string;
  readonly file: HubFile;
  readonly target: string;
  readonly cacheDir: string;
  /** Told how much of the file is on disk; it falls back when a bad start is thrown away. */
  readonly onLoaded: (bytes: number) => void;
}

function newHash(file: HubFile): Hash {
  if (file.hash.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${file.size}\0`); // how git names a blob
}

async function hashPrefix(hash: Hash, path: string): Promise<void> {
  const file = await open(path);
  try {
    const chunk = new Uint8Array(1 << 20);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

async function removeIfThere(path: string): Promise<void> {
  await rm(path).catch((error) => {
    if (!isAbsent(error)) throw error;
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Appends what is missing to the partial file, and returns the hash of the whole. */
async function appendRest(hub: Hub, job: BlobJob, partial: string): Promise<string> {
  const { file } = job;
  let have = await fileSize(partial) ?? 0;
  if (have > file.size) {
    await removeIfThere(partial);
    have = 0;
  }
  let hash = newHash(file);
  if (have > 0) await hashPrefix(hash, partial);
  if (have === file.size && (have > 0 || await fileSize(partial) !== undefined)) {
    return hash.digest("hex");
  }
  const pace = new Pace(hub.timeout, hub.signal);
  const range: Record<string, string> = have > 0 ? { Range: `bytes=${have}-` } : {};
  const response = await request(hub, job.url, pace, range);
  if (response.status === 416) {
    await response.body?.cancel();
    await removeIfThere(partial); // what is there cannot be a part of the file
    throw new Transient("the hub refused to resume (416)", { retryAfter: 0 });
  }
  if (response.status !== 200 && response.status !== 206) {
    throw await statusError(hub, response, job.id, job.revision, file.path);
  }
  const resumed = response.status === 206 &&
    response.headers.get("content-range")?.startsWith(`bytes ${have}-`);
  if (response.status === 206 && !resumed) {
    await response.body?.cancel();
    await removeIfThere(partial);
    throw new Transient("the hub answered with another range than asked", { retryAfter: 0 });
  }
  if (!resumed && have > 0) {
    have = 0; // the server does not resume: it sends the whole file
    hash = newHash(file);
  }
  let output: FileHandle;
  try {
    output = await open(partial, have > 0 ? "a" : "w");
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
  try {
    job.onLoaded(have);
    for await (const part of bodyOf(hub, response, job.url, pace)) {
      have += part.length;
      if (have > file.size) {
        await removeIfThere(partial);
        throw new Transient(`${file.path} is longer than the ${file.size} bytes the hub lists`);
      }
      try {
        await writeAll(output, part);
      } catch (error) {
        throw writeError(error, partial, job.cacheDir, file.size - have + part.length);
      }
      hash.update(part);
      job.onLoaded(have);
    }
    if (have < file.size) {
      throw new Transient(`the connection was cut after ${have} of ${file.size} bytes`);
    }
    await output.datasync();
  } finally {
    await output.close();
  }
  return hash.digest("hex");
}

/**
 * Downloads one blob to `job.target`. The caller holds its lock.
 *
 * @throws {HubError} refused, cut too often, wrong bytes twice, disk full, cache not writable
 */
export async function downloadBlob(hub: Hub, job: BlobJob): Promise<void> {
  const { file, target } = job;
  const partial = `${target}.incomplete`;
  let corrupt = 0;
  try {
    await mkdir(dirname(target), { recursive: true });
    await withRetries(hub, `download ${file.path} of "${job.id}"`, async () => {
      const found = await appendRest(hub, job, partial);
      if (found === file.hash) return;
      await removeIfThere(partial);
      job.onLoaded(0);
      const text = `the bytes of ${file.path} have hash ${found}; expected ${file.hash}`;
      // Once may be a bad start on disk or a bad line; twice is the server.
      if (++corrupt < 2) throw new Transient(text, { retryAfter: 0 });
      throw new HubError(
        "corrupt",
        `Cannot download ${file.path} of "${job.id}": ${text}; nothing was kept. A proxy may be ` +
          `changing files, or the mirror ${hub.endpoint} is damaged`,
      );
    });
    await rename(partial, target);
  } catch (error) {
    if (error instanceof HubError || hub.signal?.aborted) throw error;
    throw writeError(error, partial, job.cacheDir, file.size);
  }
}
