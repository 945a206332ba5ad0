// Mersenne Twister MT19937, Matsumoto & Nishimura (1998), https://doi.org/10.1145/272991.272995,
// seeded by Knuth's recurrence. It is the engine of both torch's CPU generator and numpy's RandomState.

/** Words of the state; so many numbers are drawn between two twists. */
export const SIZE = 624;
const SHIFT = 397;

/** A stream of 32-bit integers. */
export class Mt19937 {
  readonly state: Int32Array = new Int32Array(SIZE);
  /** How many words of the state have been drawn. */
  position: number = SIZE;

  /** Only the low 32 bits of `seed` count. */
  constructor(seed: number) {
    const state = this.state;
    state[0] = seed | 0;
    for (let j = 1; j < SIZE; j++) {
      const before = state[j - 1]!;
      state[j] = Math.imul(1812433253, before ^ (before >>> 30)) + j;
    }
  }

  /** The next integer, as signed: apply `>>> 0` where the sign matters. */
  next(): number {
    if (this.position === SIZE) this.#twist();
    return temper(this.state[this.position++]!);
  }

  /** Fills `out[from, to)` with multiples of 2^-24 in [0, 1): the low 24 bits of one integer each. */
  fillUniform(out: Float32Array, from: number, to: number): void {
    const state = this.state;
    let i = from;
    while (i < to) {
      if (this.position === SIZE) this.#twist();
      const position = this.position;
      const run = Math.min(SIZE - position, to - i);
      for (let j = 0; j < run; j++) {
        out[i + j] = (temper(state[position + j]!) & 0xffffff) * 2 ** -24;
      }
      this.position = position + run;
      i += run;
    }
  }

  #twist(): void {
    const state = this.state;
    let j = 0;
    for (; j < SIZE - SHIFT; j++) state[j] = state[j + SHIFT]! ^ mix(state[j]!, state[j + 1]!);
    for (; j < SIZE - 1; j++) state[j] = state[j + SHIFT - SIZE]! ^ mix(state[j]!, state[j + 1]!);
    state[SIZE - 1] = state[SHIFT - 1]! ^ mix(state[SIZE - 1]!, state[0]!);
    this.position = 0;
  }
}

function mix(high: number, low: number): number {
  return (((high & 0x80000000) | (low & 0x7fffffff)) >>> 1) ^ (-(low & 1) & 0x9908b0df);
}

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}

/**
 * The low and high 32 bits of a seed, two's complement: as in torch, -1 is 2^64 - 1.
 *
 * @throws {RangeError} if it is a number that is no safe integer, or below -2^63 or above 2^64 - 1.
 */
export function seedWords(seed: number | bigint): [low: number, high: number] {
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) {
    throw new RangeError(
      `Cannot seed a generator: seed is ${seed}; expected a whole number below 2^53 in size, or a ` +
        `bigint`,
    );
  }
  if (seed < -(2n ** 63n) || seed >= 2n ** 64n) {
    throw new RangeError(
      `Cannot seed a generator: seed is ${seed}; expected a whole number from -2^63 to 2^64 - 1`,
    );
  }
  const bits = BigInt.asUintN(64, BigInt(seed));
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}
