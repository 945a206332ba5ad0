// Weighted sums in WebAssembly SIMD. A vector instruction works on WebAssembly memory only, so vectors
// that are summed often are allocated there; each group has a memory of its own, which is
// collected with the last array that views it. Nothing is freed by hand and no memory ever grows,
// which would detach its arrays.

import * as wasm from "./_assembler.ts";

/** Elements per turn of a kernel's loop. */
const LANES = 8;
/** Sums of more terms than this have no kernel. */
const MOST_TERMS = 8;
/** Shorter vectors are not worth a memory. */
const SHORTEST = 512;
/** Elements of the window through which a vector from elsewhere is read; it stays in a core's cache. */
const WINDOW = 4096;
/** How many vectors from elsewhere a sum may read: a model's output, and one more. */
const WINDOWS = 2;
const PAGE = 65536;

/** `(out, end, weight, vector, weight, vector, ...)`; `out`, `end` and the vectors are addresses. */
type SumKernel = (out: number, end: number, ...terms: number[]) => void;
/** `(at, end, low, high)`. */
type ClampKernel = (at: number, end: number, low: number, high: number) => void;

const memories = new WeakMap<ArrayBufferLike, VectorMemory>();
let compiled: WebAssembly.Module | null | undefined;

/** The memory that `vector` was allocated in, if it is one of ours. */
export function memoryOf(vector: Float32Array): VectorMemory | undefined {
  return vector.length < SHORTEST ? undefined : memories.get(vector.buffer);
}

/**
 * Zeroed vectors that `weightedSum` adds fastest: when `out` and all but two of the operands come from
 * one call. Where WebAssembly SIMD or its memory is not to be had they are ordinary arrays.
 */
export function allocateVectors(count: number, length: number): Float32Array[] {
  const stride = Math.ceil(length / 16) * 64; // each begins a cache line
  const windows = WINDOWS * WINDOW * 4;
  const buffer = length < SHORTEST ? undefined : allocate(windows + count * stride);
  return Array.from(
    { length: count },
    (_, k) =>
      buffer === undefined
        ? new Float32Array(length)
        : new Float32Array(buffer, windows + k * stride, length),
  );
}

function allocate(bytes: number): ArrayBufferLike | undefined {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(sumModule());
    } catch {
      compiled = null; // no SIMD, or a page that may not compile WebAssembly
    }
  }
  if (compiled === null) return undefined;
  const pages = Math.ceil(bytes / PAGE);
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    memories.set(memory.buffer, new VectorMemory(memory.buffer, exports, bytes));
    return memory.buffer;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // no room for so large a memory
    throw error;
  }
}

/** Vectors in one WebAssembly memory, and the kernels that work on it. */
class VectorMemory {
  readonly #buffer: ArrayBufferLike;
  readonly #kernels: readonly SumKernel[];
  readonly #clamp: ClampKernel;
  readonly #windows: readonly Float32Array[];
  /**
   * An array of the same size that is never touched, so it takes address space only. Engines count
   * ordinary arrays, not WebAssembly memories, when they decide to collect garbage.
   */
  readonly ballast: ArrayBuffer;
  /** Where each term lies. */
  readonly #addresses: Int32Array = new Int32Array(MOST_TERMS);

  /** One list for all calls of a kernel with many terms, so that none is made in a run. */
  readonly #arguments: number[] = [];

  constructor(buffer: ArrayBufferLike, exports: WebAssembly.Exports, bytes: number) {
    this.ballast = new ArrayBuffer(bytes);
    this.#buffer = buffer;
    this.#kernels = Array.from(
      { length: MOST_TERMS },
      (_, k) => exports[`sum${k + 1}`] as SumKernel,
    );
    this.#clamp = exports.clamp as ClampKernel;
    this.#windows = Array.from(
      { length: WINDOWS },
      (_, k) => new Float32Array(buffer, k * WINDOW * 4, WINDOW),
    );
  }

  /**
   * Sums from `start` on as far as whole turns of a kernel go before `end`, and returns where it stopped:
   * at `start` if it has no kernel for these operands. `out` must lie in this memory.
   */
  sum(
    out: Float32Array,
    weights: readonly number[],
    vectors: readonly Float32Array[],
    start: number,
    end: number,
  ): number {
    const terms = vectors.length, count = end - start - (end - start) % LANES;
    let foreign = 0;
    for (let k = 0; k < terms; k++) if (vectors[k]!.buffer !== this.#buffer) foreign++;
    if (terms === 0 || terms > MOST_TERMS || foreign > WINDOWS || count <= 0) return start;
    const stop = start + count, stride = foreign === 0 ? count : WINDOW;
    for (let from = start; from < stop; from += stride) {
      const size = Math.min(stride, stop - from);
      let used = 0;
      for (let k = 0; k < terms; k++) {
        const vector = vectors[k]!;
        if (vector.buffer === this.#buffer) {
          this.#addresses[k] = vector.byteOffset + 4 * from;
        } else {
          const copy = this.#windows[used++]!;
          copy.set(vector.length === size ? vector : vector.subarray(from, from + size));
          this.#addresses[k] = copy.byteOffset;
        }
      }
      this.#run(out.byteOffset + 4 * from, size, weights, terms);
    }
    return stop;
  }

  /** Clamps as many elements as whole turns of the kernel hold, and returns how many. */
  clamp(x: Float32Array, low: number, high: number): number {
    const count = x.length - x.length % LANES;
    this.#clamp(x.byteOffset, x.byteOffset + 4 * count, low, high);
    return count;
  }

  #run(out: number, size: number, w: readonly number[], terms: number): void {
    const kernel = this.#kernels[terms - 1]!, a = this.#addresses, end = out + 4 * size;
    if (terms === 2) kernel(out, end, w[0]!, a[0]!, w[1]!, a[1]!);
    else if (terms === 3) kernel(out, end, w[0]!, a[0]!, w[1]!, a[1]!, w[2]!, a[2]!);
    else if (terms === 1) kernel(out, end, w[0]!, a[0]!);
    else if (terms === 4) kernel(out, end, w[0]!, a[0]!, w[1]!, a[1]!, w[2]!, a[2]!, w[3]!, a[3]!);
    else this.#runMany(out, end, w, terms);
  }

  #runMany(out: number, end: number, w: readonly number[], terms: number): void {
    const list = this.#arguments;
    list.length = 2 * terms;
    for (let k = 0; k < terms; k++) {
      list[2 * k] = w[k]!;
      list[2 * k + 1] = this.#addresses[k]!;
    }
    this.#kernels[terms - 1]!(out, end, ...list);
  }
}

/** The module with the kernels `sum1` to `sum8` and `clamp`. */
export function sumModule(): Uint8Array<ArrayBuffer> {
  const sums = Array.from({ length: MOST_TERMS }, (_, k) => sumFunction(k + 1));
  return wasm.assemble([...sums, clampFunction()]);
}

/**
 * Two elements at a time: float32 pairs are widened to float64, multiplied, added in order and
 * rounded once, which are the roundings of the JavaScript loop.
 */
function sumFunction(terms: number): wasm.WasmFunction {
  const out = 0, end = 1;
  const weight = (k: number): number => 2 + 2 * k;
  const vector = (k: number): number => 3 + 2 * k;
  const splat = (k: number): number => 2 + 2 * terms + k;
  const each = Array.from({ length: terms }, (_, k) => k);
  const advance = (local: number): wasm.Code[] => [
    wasm.get(local),
    wasm.i32Const(4 * LANES),
    wasm.i32Add,
    wasm.set(local),
  ];
  const pair = (offset: number): wasm.Code[] => [
    wasm.get(out),
    ...each.flatMap((k) => [
      wasm.get(splat(k)),
      wasm.get(vector(k)),
      wasm.load64Zero(offset),
      wasm.promoteLow,
      wasm.f64x2Mul,
      ...(k > 0 ? [wasm.f64x2Add] : []),
    ]),
    wasm.demoteZero,
    wasm.store64Lane0(offset),
  ];
  const pairs = Array.from({ length: LANES / 2 }, (_, i) => pair(8 * i)).flat();
  return {
    name: `sum${terms}`,
    parameters: [wasm.i32, wasm.i32, ...each.flatMap(() => [wasm.f64, wasm.i32])],
    locals: each.map(() => wasm.v128),
    body: [
      ...each.flatMap((k) => [wasm.get(weight(k)), wasm.f64x2Splat, wasm.set(splat(k))]),
      wasm.loop([
        ...pairs,
        ...each.flatMap((k) => advance(vector(k))),
        ...advance(out),
        wasm.get(out),
        wasm.get(end),
        wasm.i32LessUnsigned,
      ]),
    ],
  };
}

/** `min(max(x, low), high)`, which keeps NaN. */
function clampFunction(): wasm.WasmFunction {
  const at = 0, end = 1, low = 2, high = 3, lows = 4, highs = 5;
  const four = (offset: number): wasm.Code[] => [
    wasm.get(at),
    wasm.get(at),
    wasm.load(offset),
    wasm.get(lows),
    wasm.f32x4Max,
    wasm.get(highs),
    wasm.f32x4Min,
    wasm.store(offset),
  ];
  return {
    name: "clamp",
    parameters: [wasm.i32, wasm.i32, wasm.f32, wasm.f32],
    locals: [wasm.v128, wasm.v128],
    body: [
      [wasm.get(low), wasm.f32x4Splat, wasm.set(lows)].flat(),
      [wasm.get(high), wasm.f32x4Splat, wasm.set(highs)].flat(),
      wasm.loop([
        ...four(0),
        ...four(16),
        wasm.get(at),
        wasm.i32Const(4 * LANES),
        wasm.i32Add,
        wasm.set(at),
        wasm.get(at),
        wasm.get(end),
        wasm.i32LessUnsigned,
      ]),
    ],
  };
}
