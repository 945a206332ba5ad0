// torch's normal numbers in WebAssembly SIMD: the Mersenne Twister, and Box-Muller by the polynomials of
// _cephes.ts, four numbers at a time. Their multiply-adds are fused, as torch's are, where the machine's
// relaxed SIMD fuses them; where it does not, or there is none, there is no kernel.

import { type Mt19937, SIZE } from "./_mt19937.ts";
import { torchModule } from "../wasm/_torch_module.ts";

/** Numbers per turn: whole blocks of 16, and whole states. */
const CHUNK = 16 * SIZE;
const BLOCK = 16;
/** Where the chunk begins; the state, and one word that repeats its first, lie before it. */
const CHUNK_AT = 4096;

interface Kernels {
  /** Advances the state. */
  twist(): void;
  /** From state address, to chunk address, until chunk address: words to uniforms, four at a time. */
  uniform(from: number, to: number, end: number): void;
  /** From address, until address: blocks of 16 uniforms to normals. */
  normal(at: number, end: number): void;
  /** `a * b + c` where one rounding gives 2^-24 and two give 0. */
  probe(at: number): void;
}

/** The kernel, shared by all generators: each call brings its generator's state and takes it away. */
export class TorchKernel {
  readonly #kernels: Kernels;
  readonly #state: Int32Array;
  readonly #chunk: Float32Array;

  constructor(kernels: Kernels, buffer: ArrayBufferLike) {
    this.#kernels = kernels;
    this.#state = new Int32Array(buffer, 0, SIZE);
    this.#chunk = new Float32Array(buffer, CHUNK_AT, CHUNK + BLOCK);
  }

  /** Whether multiply-adds round once here. */
  get fuses(): boolean {
    const [a, c] = [1 + 2 ** -12, -(1 + 2 ** -11)]; // a² + c = 2^-24, and a² rounds to -c
    this.#chunk.set([a, a, a, a, c, c, c, c]);
    this.#kernels.probe(CHUNK_AT);
    return this.#chunk[0] === 2 ** -24;
  }

  /** `torch.randn` of `out.length >= 16` numbers. */
  fill(out: Float32Array, engine: Mt19937): void {
    this.#state.set(engine.state);
    let position = engine.position;
    for (let start = 0; start < out.length; start += CHUNK) {
      const size = Math.min(CHUNK, out.length - start);
      position = this.#draw(size, position);
      this.#kernels.normal(CHUNK_AT, CHUNK_AT + 4 * (size - size % BLOCK));
      out.set(
        size === CHUNK ? this.#chunk.subarray(0, CHUNK) : this.#chunk.subarray(0, size),
        start,
      );
    }
    if (out.length % BLOCK !== 0) {
      position = this.#draw(BLOCK, position);
      this.#kernels.normal(CHUNK_AT, CHUNK_AT + 4 * BLOCK);
      out.set(this.#chunk.subarray(0, BLOCK), out.length - BLOCK);
    }
    engine.state.set(this.#state);
    engine.position = position;
  }

  /** Puts `size` uniforms into the chunk, and returns the position after them. */
  #draw(size: number, from: number): number {
    let position = from;
    for (let i = 0; i < size;) {
      if (position === SIZE) {
        this.#kernels.twist();
        position = 0;
      }
      const run = Math.min(SIZE - position, size - i);
      this.#kernels.uniform(4 * position, CHUNK_AT + 4 * i, CHUNK_AT + 4 * (i + run));
      position += run;
      i += run;
    }
    return position;
  }
}

let kernel: TorchKernel | null | undefined;

/** The kernel, or nothing where this engine or machine cannot give torch's bits with it. */
export function torchKernel(): TorchKernel | undefined {
  if (kernel === undefined) {
    try {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
      const module = new WebAssembly.Module(torchModule(SIZE));
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      const made = new TorchKernel(exports as unknown as Kernels, memory.buffer);
      kernel = made.fuses ? made : null;
    } catch {
      kernel = null; // no relaxed SIMD, or a page that may not compile WebAssembly
    }
  }
  return kernel ?? undefined;
}
