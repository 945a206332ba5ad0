import type { Tensor } from "../tensor.ts";

/** Rows `row` to `row + count` of every feed; the feeds themselves when that is all of them. */
export function sliceRows(
  feeds: Record<string, Tensor>,
  rows: number,
  row: number,
  count: number,
): Record<string, Tensor> {
  if (count === rows) return { ...feeds };
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => {
      const size = data.length / rows;
      const part = data.subarray(row * size, (row + count) * size);
      return [name, { data: part, shape: [count, ...shape.slice(1)] }];
    }),
  );
}

/** Rows `row` to `row + count` of outputs that came in chunks; a view where one chunk has them all. */
export function gatherRows(
  parts: readonly Float32Array[],
  chunk: number,
  row: number,
  count: number,
): Float32Array {
  const size = parts[0]!.length / chunk;
  const first = Math.floor(row / chunk);
  if (row + count <= (first + 1) * chunk) {
    return parts[first]!.subarray(
      (row - first * chunk) * size,
      (row - first * chunk + count) * size,
    );
  }
  const out = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const part = Math.floor((row + i) / chunk);
    const at = (row + i - part * chunk) * size;
    out.set(parts[part]!.subarray(at, at + size), i * size);
  }
  return out;
}
