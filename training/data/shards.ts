/**
 * Shards: `images-0000.u8` (pictures as size·size·3 bytes, RGB, row by row) beside
 * `records-0000.jsonl` (one JSON object per picture, same order).
 *
 * @module
 */

/** Pictures per shard; 250 of 256×256×3 bytes are 47 MiB. */
export const SHARD_LENGTH = 250;

/** The file name of a shard's pictures or records. */
export function shardName(kind: "images" | "records", index: number): string {
  return `${kind}-${String(index).padStart(4, "0")}.${kind === "images" ? "u8" : "jsonl"}`;
}

/**
 * Writes a shard so that a reader never sees half of it: under a temporary name first, the
 * records before the pictures, so that whoever finds the pictures finds the records too.
 */
export async function writeShard(
  directory: string,
  index: number,
  records: readonly unknown[],
  images?: Uint8Array,
): Promise<void> {
  const put = async (name: string, data: Uint8Array) => {
    await Deno.writeFile(`${directory}/${name}.tmp`, data);
    await Deno.rename(`${directory}/${name}.tmp`, `${directory}/${name}`);
  };
  const lines = records.map((record) => JSON.stringify(record) + "\n").join("");
  await put(shardName("records", index), new TextEncoder().encode(lines));
  if (images) await put(shardName("images", index), images);
}
