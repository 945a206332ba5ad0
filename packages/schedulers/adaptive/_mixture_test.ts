// A Gaussian mixture, whose score is known at every noise level: what the samplers and the likelihood are
// tested against.
import { assert, assertAlmostEquals } from "@std/assert";
import type { NoiseLevel } from "../plan/noise_level.ts";

interface Component {
  readonly weight: number;
  readonly mean: readonly number[];
  readonly deviation: number;
}

export class Mixture {
  readonly dimension: number;
  readonly #components: readonly Component[];

  constructor(components: readonly Component[]) {
    this.#components = components;
    this.dimension = components[0]!.mean.length;
  }

  /** log p of the noisy data at `level`, of the point at `x[start]`. */
  logDensity(x: Float32Array, start: number, { alpha, sigma }: NoiseLevel): number {
    const terms = this.#components.map(({ weight, mean, deviation }) => {
      const variance = (alpha * deviation) ** 2 + sigma ** 2;
      let square = 0;
      mean.forEach((m, d) => square += (x[start + d]! - alpha * m) ** 2);
      return Math.log(weight) - square / (2 * variance) -
        mean.length * Math.log(2 * Math.PI * variance) / 2;
    });
    const largest = Math.max(...terms);
    return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
  }

  /** The score of the noisy data, of every point in `x`. */
  score(x: Float32Array, { alpha, sigma }: NoiseLevel): Float32Array {
    const out = new Float32Array(x.length), n = this.dimension;
    const parts = this.#components.map(({ weight, mean, deviation }) => {
      const variance = (alpha * deviation) ** 2 + sigma ** 2;
      return { mean, variance, log: Math.log(weight) - n / 2 * Math.log(variance) };
    });
    const logs = new Float64Array(parts.length);
    for (let start = 0; start < x.length; start += n) {
      let largest = -Infinity, total = 0;
      for (let k = 0; k < parts.length; k++) {
        const { mean, variance, log } = parts[k]!;
        let square = 0;
        for (let d = 0; d < n; d++) square += (x[start + d]! - alpha * mean[d]!) ** 2;
        logs[k] = log - square / (2 * variance);
        largest = Math.max(largest, logs[k]!);
      }
      for (let k = 0; k < parts.length; k++) total += Math.exp(logs[k]! - largest);
      for (let k = 0; k < parts.length; k++) {
        const { mean, variance } = parts[k]!;
        const share = Math.exp(logs[k]! - largest) / total / variance;
        for (let d = 0; d < n; d++) out[start + d]! -= share * (x[start + d]! - alpha * mean[d]!);
      }
    }
    return out;
  }

  /** E[x] and E[x xᵀ] of the noisy data, in one list: x, y, xx, xy, yy. */
  moments({ alpha, sigma }: NoiseLevel): number[] {
    const n = this.dimension;
    const average = (f: (c: Component) => number): number =>
      this.#components.reduce((sum, c) => sum + c.weight * f(c), 0);
    const first = Array.from({ length: n }, (_, d) => alpha * average((c) => c.mean[d]!));
    const second = pairs(n).map(([d, e]) =>
      alpha ** 2 * average((c) => c.mean[d]! * c.mean[e]! + (d === e ? c.deviation ** 2 : 0)) +
      (d === e ? sigma ** 2 : 0)
    );
    return [...first, ...second];
  }

  /** Asserts that the points of `x` have these moments, within four standard errors of each. */
  assertSampled(x: Float32Array, level: NoiseLevel): void {
    const n = this.dimension, count = x.length / n;
    const statistics = (start: number): number[] => [
      ...x.subarray(start, start + n),
      ...pairs(n).map(([d, e]) => x[start + d]! * x[start + e]!),
    ];
    this.moments(level).forEach((expected, k) => {
      let sum = 0, square = 0;
      for (let start = 0; start < x.length; start += n) {
        const value = statistics(start)[k]!;
        sum += value;
        square += value * value;
      }
      const mean = sum / count, deviation = Math.sqrt(square / count - mean ** 2);
      assertAlmostEquals(mean, expected, 4 * deviation / Math.sqrt(count), `moment ${k}`);
    });
  }
}

function pairs(n: number): [number, number][] {
  return Array.from({ length: n }, (_, d) => d).flatMap((d) =>
    Array.from({ length: n - d }, (_, e): [number, number] => [d, d + e])
  );
}

/** Two unlike clusters, far apart along x only, so that the moments along y show their own widths. */
export const plane = new Mixture([
  { weight: 0.3, mean: [-1, 0.1], deviation: 0.3 },
  { weight: 0.7, mean: [0.8, -0.05], deviation: 0.2 },
]);

Deno.test("the mixture's score is the gradient of its log density", () => {
  const x = Float32Array.of(0.1, 0.2), h = 2 ** -8;
  for (const level of [{ t: 0, alpha: 1, sigma: 0.1 }, { t: 0, alpha: 0.3, sigma: 0.9 }]) {
    const score = plane.score(x, level);
    for (const d of [0, 1]) {
      const [above, below] = [x.slice(), x.slice()];
      above[d]! += h;
      below[d]! -= h;
      const slope = (plane.logDensity(above, 0, level) - plane.logDensity(below, 0, level)) /
        (2 * h);
      assertAlmostEquals(score[d]!, slope, 2e-3 * (1 + Math.abs(slope)));
    }
  }
  assert(plane.moments({ t: 0, alpha: 1, sigma: 0 }).every(Number.isFinite));
});
