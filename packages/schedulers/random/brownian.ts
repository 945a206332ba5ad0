/**
 * Noise whose draws over overlapping intervals agree, as increments of one Brownian path.
 *
 * @module
 */

import { torchRandom } from "./torch_random.ts";
import { seedWords } from "./_mt19937.ts";

/** Times are kept to 1 + 16 significant bits, so a point has at most 16 ancestors in its octave. */
const DEPTH = 16;
/** sigma below 2^-40 counts as 0, and an infinite sigma is outside the path. */
const LOWEST = -40;

/**
 * Noise for SDE samplers: the increment of a Brownian path over the interval of each draw, divided by
 * the root of its length, so that every single draw is N(0, I).
 *
 * The path runs in the time `sigma / alpha = exp(-lambda)`, as in k-diffusion. Draws over intervals
 * that do not meet are independent; draws over intervals that share a part are correlated through
 * that part, which is what a stage inside a step needs; and the path does not depend on which
 * intervals are asked for, so another number of steps follows the same path and gives a similar
 * image. A draw without an interval is independent of the path.
 *
 * The path is never stored: a point is found by halving its octave [2^k, 2^(k+1)], each half-way value
 * being drawn from the conditional law with a generator of its own (Lévy's construction). Each
 * draw costs up to 17 Gaussian draws per new end point, and five tensors of memory in all.
 *
 * @param seed Which path. All 64 bits count.
 * @returns The noise. It throws a `RangeError` where the interval of a draw has no length, or an
 * end that is NaN or minus infinity.
 * @throws {RangeError} if the seed is a number but not a safe integer.
 *
 * @example Two halves make up the whole
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { brownianNoise } from "@shum/schedulers";
 *
 * const noise = brownianNoise(7);
 * const draw = (from: number, to: number): number => {
 *   const out = new Float32Array(1);
 *   noise(out, [-Math.log(from), -Math.log(to)]); // lambdas of these sigmas
 *   return out[0]! * Math.sqrt(from - to);
 * };
 * assertAlmostEquals(draw(8, 2), draw(8, 3) + draw(3, 2), 1e-5);
 * ```
 */
export function brownianNoise(
  seed: number | bigint,
): (out: Float32Array, interval?: readonly [from: number, to: number]) => void {
  const words = seedWords(seed);
  const unordered = torchRandom(seed);
  let path: Path | undefined;

  return (out, interval) => {
    if (interval === undefined) return unordered.fill(out);
    const from = toTime(interval[0], interval), to = toTime(interval[1], interval);
    if (from === to) {
      throw new RangeError(
        `Cannot draw Brownian noise: the interval from lambda ${interval[0]} to ${
          interval[1]
        } has ` +
          `no length; expected two different lambdas`,
      );
    }
    if (path === undefined || path.length !== out.length) path = new Path(words, out.length);
    path.increment(out, Math.min(from, to), Math.max(from, to));
    const scale = Math.sign(from - to) / Math.sqrt(Math.abs(from - to));
    for (let i = 0; i < out.length; i++) out[i]! *= scale;
  };
}

/** exp(-lambda) rounded to the significant bits that the tree resolves. */
function toTime(lambda: number, interval: readonly [number, number]): number {
  const sigma = Math.exp(-lambda);
  if (!Number.isFinite(sigma)) {
    throw new RangeError(
      `Cannot draw Brownian noise: the interval is [${interval}]; expected lambdas above -709`,
    );
  }
  const octave = octaveOf(sigma);
  if (octave < LOWEST) return 0;
  const grid = 2 ** (octave - DEPTH);
  return Math.round(sigma / grid) * grid;
}

function octaveOf(time: number): number {
  const guess = Math.floor(Math.log2(time));
  return 2 ** guess > time ? guess - 1 : 2 ** (guess + 1) <= time ? guess + 1 : guess;
}

/** The points that two overlapping intervals share with the next two. */
const KEPT = 3;

/** A Brownian path on [0, infinity), evaluated at each query; the last points are cached. */
class Path {
  readonly length: number;
  readonly #words: readonly [low: number, high: number];
  readonly #left: Float32Array;
  readonly #normal: Float32Array;
  /** W(time) - W(start of its octave), the most recently used first. */
  readonly #points: { time: number; value: Float32Array }[];

  constructor(words: readonly [low: number, high: number], length: number) {
    this.length = length;
    this.#words = words;
    this.#left = new Float32Array(length);
    this.#normal = new Float32Array(length);
    this.#points = Array.from({ length: KEPT }, () => ({
      time: NaN,
      value: new Float32Array(length),
    }));
  }

  /** `out <- W(to) - W(from)`, 0 <= from < to. */
  increment(out: Float32Array, from: number, to: number): void {
    out.fill(0);
    // The interval [0, 2^LOWEST] is one step; above it the octaves follow each other.
    const first = from === 0 ? LOWEST - 1 : octaveOf(from);
    const last = octaveOf(to);
    for (let octave = first; octave <= last; octave++) {
      const start = octave < LOWEST ? 0 : 2 ** octave;
      const end = octave < LOWEST ? 2 ** LOWEST : 2 * start;
      if (to > start) add(out, this.#point(octave, start, end, Math.min(to, end)), 1);
      if (from > start) add(out, this.#point(octave, start, end, from), -1);
    }
  }

  /** W(time) - W(start), start < time <= end: a bridge over the octave, halved until it hits `time`. */
  #point(octave: number, start: number, end: number, time: number): Float32Array {
    const kept = this.#points.findIndex((point) => point.time === time);
    const [point] = this.#points.splice(kept < 0 ? KEPT - 1 : kept, 1);
    this.#points.unshift(point!);
    const value = point!.value;
    if (kept >= 0) return value;
    point!.time = time;

    const leftValue = this.#left.fill(0), normal = this.#normal;
    let left = start, right = end;
    this.#draw(octave, end);
    const root = Math.sqrt(end - start);
    for (let i = 0; i < value.length; i++) value[i] = root * normal[i]!;
    while (right !== time) {
      const middle = (left + right) / 2;
      this.#draw(octave, middle);
      const spread = Math.sqrt(right - left) / 2; // Var(W(middle) | both ends) = (right - left) / 4
      const target = time > middle ? leftValue : value;
      for (let i = 0; i < value.length; i++) {
        target[i] = (leftValue[i]! + value[i]!) / 2 + spread * normal[i]!;
      }
      if (time > middle) left = middle;
      else right = middle;
    }
    return value;
  }

  #draw(octave: number, time: number): void {
    const [low, high] = this.#words;
    const place = hash(hash(hash(low, high), octave), time * 2 ** (DEPTH - octave));
    torchRandom(place).fill(this.#normal);
  }
}

function add(out: Float32Array, value: Float32Array, sign: 1 | -1): void {
  for (let i = 0; i < out.length; i++) out[i]! += sign * value[i]!;
}

/** MurmurHash3's mixing of one more word into a hash (Appleby, public domain). */
function hash(state: number, word: number): number {
  let k = Math.imul(word | 0, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  let h = state ^ k;
  h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
