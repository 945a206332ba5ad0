// torch's CPU generator: see torch_random.ts for what it promises.

import { log24, polar } from "./_cephes.ts";
import { Mt19937 } from "./_mt19937.ts";
import type { TorchKernel } from "./_torch_kernel.ts";

const BLOCK = 16;
const TWO_PI = Math.fround(2 * Math.PI);

/** A stream of torch's numbers, in JavaScript, or its long draws by `kernel`: the same bits. */
export class TorchStream {
  readonly #engine: Mt19937;
  readonly #kernel: TorchKernel | undefined;
  /** The second half of the last pair drawn one by one; it outlives calls for 16 or more. */
  #spare: number | undefined;

  constructor(seed: number, kernel?: TorchKernel) {
    this.#engine = new Mt19937(seed);
    this.#kernel = kernel;
  }

  fill(out: Float32Array): void {
    const n = out.length;
    if (n < BLOCK) {
      for (let i = 0; i < n; i++) out[i] = this.#one();
      return;
    }
    if (this.#kernel) return this.#kernel.fill(out, this.#engine);
    this.#engine.fillUniform(out, 0, n);
    let i = 0;
    for (; i + BLOCK <= n; i += BLOCK) boxMuller(out, i);
    if (i < n) {
      this.#engine.fillUniform(out, n - BLOCK, n);
      boxMuller(out, n - BLOCK);
    }
  }

  uniform(out: Float32Array): void {
    this.#engine.fillUniform(out, 0, out.length);
  }

  integers(out: Int32Array, low: number, high: number): void {
    const range = high - low;
    if (!Number.isInteger(low) || !Number.isInteger(high) || !(range > 0 && range < 2 ** 28)) {
      throw new RangeError(
        `Cannot draw integers: low is ${low} and high is ${high}; expected whole numbers with ` +
          `high above low by less than 2^28`,
      );
    }
    for (let i = 0; i < out.length; i++) out[i] = low + (this.#engine.next() >>> 0) % range;
  }

  /** Box-Muller in float64, one number at a time. */
  #one(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const turn = this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
    this.#spare = radius * Math.sin(2 * Math.PI * turn);
    return radius * Math.cos(2 * Math.PI * turn);
  }

  /** The low 53 of 64 bits, of which the first integer is the high half. */
  #uniform53(): number {
    const high = this.#engine.next() & 0x1fffff;
    return (high * 2 ** 32 + (this.#engine.next() >>> 0)) * 2 ** -53;
  }
}

/** Turns the 16 uniforms at `out[i]` into 16 normals: a pair is 8 apart. */
function boxMuller(out: Float32Array, i: number): void {
  for (let k = i; k < i + BLOCK / 2; k++) {
    const log = log24(2 ** 24 - out[k]! * 2 ** 24); // of 1 - u, which is never 0
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * log)));
    polar(out, k, radius, Math.fround(TWO_PI * out[k + BLOCK / 2]!));
  }
}
