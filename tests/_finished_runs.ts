/** The memory of 200 runs, one after the other; exits with 1 when it is not given back. */
import { assert } from "@std/assert";
import { allocateVectors, memoryOf } from "../packages/schedulers/wasm/_simd.ts";

const before = Deno.memoryUsage().rss;
for (let run = 0; run < 200; run++) { // 200 groups of 6 MB are 1.2 GB
  const vectors = allocateVectors(4, 3 * 512 * 256);
  assert(memoryOf(vectors[0]!) !== undefined);
  for (const vector of vectors) vector.fill(run);
  await new Promise((resolve) => setTimeout(resolve, 0)); // a model call takes longer
  assert(Deno.memoryUsage().rss - before < 6e8, `grew by 600 MB after ${run} runs`);
}
