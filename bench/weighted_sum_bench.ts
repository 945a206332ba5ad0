// weightedSum of 1 to 5 terms: JavaScript loops, WebAssembly, and the copy of as many bytes:
// deno bench -A bench/weighted_sum_bench.ts
import { weightedSum } from "@shum/schedulers";
import { allocateVectors } from "../packages/schedulers/wasm/_simd.ts";
import { normals, shapes } from "./_cases.ts";

for (const [shape, size] of Object.entries(shapes)) {
  for (const terms of [1, 2, 3, 5]) {
    const group = `${terms} terms of ${shape}`;
    const weights = Array.from({ length: terms }, (_, k) => 1 / (k + 2));
    const elsewhere = Array.from({ length: terms + 1 }, (_, k) => normals(size, k));
    const together = allocateVectors(terms + 1, size);
    together.forEach((vector, k) => vector.set(elsewhere[k]!));
    Deno.bench({
      name: `copy, ${group}`,
      group,
      baseline: true,
      fn: () => { // as many vectors as are read and written, or half of one more
        for (let k = 0; k < terms + 1; k += 2) {
          elsewhere[k]!.set(elsewhere[k === terms ? 0 : k + 1]!);
        }
      },
    });
    for (
      const [kind, vectors] of Object.entries({ JavaScript: elsewhere, WebAssembly: together })
    ) {
      const [out, ...operands] = vectors as [Float32Array, ...Float32Array[]];
      Deno.bench({
        name: `${kind}, ${group}`,
        group,
        fn: () => weightedSum(out, weights, operands),
      });
    }
  }
}
