import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { allocateVectors, memoryOf, sumModule } from "./_simd.ts";
import { clamp } from "../arithmetic/_clamp.ts";
import { weightedSum } from "../arithmetic/weighted_sum.ts";

/** Random bits: every binade, denormals, infinities, NaN. */
function anything(length: number, seed: number): Float32Array {
  let state = seed >>> 0;
  const bits = Uint32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state ^ (state << 13);
  });
  return new Float32Array(bits.buffer);
}

/** The sum by the JavaScript loops alone. */
function inJavaScript(
  weights: readonly number[],
  vectors: readonly Float32Array[],
): Float32Array {
  const out = new Float32Array(vectors[0]!.length);
  weightedSum(out, weights, vectors.map((vector) => vector.slice()));
  return out;
}

/** Bits, with every NaN the same: neither JavaScript nor WebAssembly promises which one. */
function bits(vector: Float32Array): Uint32Array {
  return new Uint32Array(vector.map((value) => Number.isNaN(value) ? NaN : value).buffer);
}

Deno.test("allocateVectors() gives zeroed vectors that do not overlap", () => {
  const vectors = allocateVectors(3, 1001);
  vectors.forEach((vector, k) => {
    assertEquals(vector, new Float32Array(1001));
    vector.fill(k + 1);
  });
  vectors.forEach((vector, k) => assertEquals(vector, new Float32Array(1001).fill(k + 1)));
  assert(vectors.every((vector) => memoryOf(vector) === memoryOf(vectors[0]!)));
  assertEquals(memoryOf(allocateVectors(1, 8)[0]!), undefined);
});

for (let terms = 1; terms <= 9; terms++) {
  Deno.test(`weightedSum() of ${terms} terms has the same bits in WebAssembly as in JavaScript`, () => {
    for (const length of [512, 515, 4096, 4103, 10007]) {
      const [out, ...vectors] = allocateVectors(terms + 1, length) as [Float32Array, Float32Array];
      const weights = vectors.map((_, k) => Math.sin(k + 1) * 10 ** (k % 5 - 2));
      vectors.forEach((vector, k) => vector.set(anything(length, 31 * k + length)));
      assert(memoryOf(out) !== undefined);
      weightedSum(out, weights, vectors);
      assertEquals(bits(out), bits(inJavaScript(weights, vectors)));
    }
  });

  Deno.test(`weightedSum() of ${terms} terms reads vectors from elsewhere`, () => {
    for (const length of [512, 4096, 10007]) {
      const [out, ...vectors] = allocateVectors(terms + 1, length) as [Float32Array, Float32Array];
      const weights = vectors.map((_, k) => Math.cos(k));
      vectors.forEach((vector, k) => vector.set(anything(length, 7 * k + length)));
      const mixed = vectors.map((vector, k) => k % 3 === 1 ? vector.slice() : vector);
      const longer = new Float32Array(length + 5);
      longer.set(vectors[0]!);
      mixed[0] = longer;
      weightedSum(out, weights, mixed);
      assertEquals(bits(out), bits(inJavaScript(weights, vectors)));
    }
  });
}

Deno.test("weightedSum() writes nothing but its output", () => {
  const [before, out, after] = allocateVectors(3, 520) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  before.fill(1);
  after.fill(2);
  weightedSum(out.subarray(3, 518), [2, 3], [before.subarray(1), after]);
  assertEquals(before, new Float32Array(520).fill(1));
  assertEquals(after, new Float32Array(520).fill(2));
  const expected = new Float32Array(520);
  expected.fill(8, 3, 518);
  assertEquals(out, expected);
});

Deno.test("weightedSum() of a range has the same bits in WebAssembly as in JavaScript", () => {
  const [out, ...vectors] = allocateVectors(4, 20000) as [Float32Array, ...Float32Array[]];
  vectors.forEach((vector, k) => vector.set(anything(20000, k)));
  const weights = [0.25, -1.5, 3], mixed = [vectors[0]!, vectors[1]!.slice(), vectors[2]!];
  const whole = inJavaScript(weights, vectors);
  for (const [start, end] of [[0, 16384], [16384, 20000], [5, 6], [7, 7], [3, 19999]] as const) {
    for (const operands of [vectors, mixed]) {
      out.fill(5);
      weightedSum(out, weights, operands, start, end);
      const expected = new Float32Array(20000).fill(5);
      expected.set(whole.subarray(start, end), start);
      assertEquals(bits(out), bits(expected));
    }
  }
});

Deno.test("weightedSum() may write over an operand in WebAssembly", () => {
  for (const index of [0, 1, 2]) {
    const vectors = allocateVectors(3, 5000);
    vectors.forEach((vector, k) => vector.set(anything(5000, k)));
    const weights = [0.25, -1.5, 3];
    const expected = inJavaScript(weights, vectors);
    weightedSum(vectors[index]!, weights, vectors);
    assertEquals(bits(vectors[index]!), bits(expected));
  }
});

Deno.test("clamp() has the same bits in WebAssembly as in JavaScript", () => {
  for (const range of [1, 0.1, 2.7]) {
    const [x] = allocateVectors(1, 5003) as [Float32Array];
    x.set(anything(5003, 9));
    const plain = x.slice();
    clamp(x, -range, range);
    clamp(plain, -range, range);
    assertEquals(bits(x), bits(plain));
    assert(plain.every((value) => Number.isNaN(value) || Math.abs(value) <= Math.fround(range)));
  }
});

Deno.test("the kernels are assembled from source, valid, and small enough to compile at once", () => {
  const bytes = sumModule();
  assert(WebAssembly.validate(bytes));
  assert(bytes.length < 4096); // what browsers compile on their main thread without complaint
  assertEquals(sumModule(), bytes);
  bytes[bytes.length - 2] = 0xff;
  assertNotEquals(WebAssembly.validate(bytes), true);
});

Deno.test("memories of finished runs are given back", async () => {
  // In a process of its own, as a program runs: the test runner's V8 collects them late, and by chance.
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", new URL("../../../tests/_finished_runs.ts", import.meta.url).href],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});
