import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

// What is in a file, computed once: a small index in the cache folder remembers it until the file
// changes. Path, size and time of change can be kept by whoever replaces a file; its inode and ctime
// cannot.

const indexName = "hashes.json";
const largestIndex = 4 * 2 ** 20;
const mostEntries = 1000;
/** Milliseconds within which a file may change twice without a new ctime: Deno cuts it to seconds. */
const ctimeSteps = 2000;

/** Real path to what the file was like and what it held. */
type Index = Map<string, Hashed>;
type Hashed = readonly [stamp: string, sha256: string];

/**
 * The sha256 of a file's bytes.
 *
 * @param cacheDir Where the index is; one that cannot be written is done without.
 */
export function contentHash(path: string, cacheDir: string): string {
  const real = fs.realpathSync(path);
  const stamp = stampOf(real);
  const known = readIndex(cacheDir).get(real);
  if (known?.[0] === stamp.text) return known[1];
  const began = Date.now();
  const sha256 = hashFile(real);
  const steady = began - stamp.changed > ctimeSteps && stampOf(real).text === stamp.text;
  if (steady) remember(cacheDir, [[real, [stamp.text, sha256]]]);
  return sha256;
}

/** Remembers what files hold that the caller has written and hashed, and nobody else writes. */
export function rememberHashes(
  cacheDir: string,
  hashes: readonly (readonly [path: string, sha256: string])[],
): void {
  remember(
    cacheDir,
    hashes.map(([path, sha256]) => {
      const real = fs.realpathSync(path);
      return [real, [stampOf(real).text, sha256]];
    }),
  );
}

function stampOf(path: string): { text: string; changed: number } {
  const { dev, ino, size, mtimeNs, ctimeNs } = fs.statSync(path, { bigint: true });
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(" "), changed: Number(ctimeNs) / 1e6 };
}

/** The sha256 of a file's bytes, read anew. */
export function hashFile(path: string): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(1 << 20);
  const file = fs.openSync(path, "r");
  try {
    for (;;) {
      const count = fs.readSync(file, block, 0, block.length, null);
      if (count === 0) return hash.digest("hex");
      hash.update(block.subarray(0, count));
    }
  } finally {
    fs.closeSync(file);
  }
}

function readIndex(cacheDir: string): Index {
  const index: Index = new Map();
  try {
    const path = join(cacheDir, indexName);
    const info = fs.statSync(path);
    if (!info.isFile() || info.size > largestIndex) return index;
    for (const [file, value] of Object.entries(JSON.parse(fs.readFileSync(path, "utf8")))) {
      const [stamp, sha256] = value as readonly unknown[];
      if (
        typeof stamp === "string" && typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256)
      ) {
        index.set(file, [stamp, sha256]);
      }
    }
  } catch {
    // None yet, or damaged: what is missing is computed anew.
  }
  return index;
}

/** Two processes at once may lose one another's entry, which is then computed anew. */
function remember(cacheDir: string, entries: Iterable<readonly [string, Hashed]>): void {
  const index = readIndex(cacheDir);
  for (const [path, hashed] of entries) {
    index.delete(path); // to the end: the first are the oldest
    index.set(path, hashed);
  }
  const kept = [...index].slice(-mostEntries);
  const target = join(cacheDir, indexName);
  const temporary = `${target}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    fs.mkdirSync(cacheDir, { recursive: true });
    fs.writeFileSync(temporary, JSON.stringify(Object.fromEntries(kept), null, 1));
    fs.renameSync(temporary, target);
  } catch {
    try {
      fs.rmSync(temporary, { force: true });
    } catch {
      // Nothing can be written here.
    }
  }
}
