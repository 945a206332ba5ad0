/**
 * Mixtures of Gaussians in the plane: at every noise level their density and score are known.
 *
 * @module
 */
import type { NoiseLevel } from "@shum/schedulers";

/** One Gaussian; `label` is its class. */
export interface Part {
  readonly weight: number;
  readonly mean: readonly [x: number, y: number];
  readonly deviation: number;
  readonly label?: number;
}
/** Clean data. */
export const CLEAN: NoiseLevel = { t: 0, alpha: 1, sigma: 0 };

/** A mixture, of all its parts or of those with one label. */
export class Mixture {
  constructor(readonly parts: readonly Part[]) {}

  /** The parts of one class, p(x | y), weights rescaled. */
  of(label: number): Mixture {
    const own = this.parts.filter((part) => part.label === label);
    const total = own.reduce((sum, { weight }) => sum + weight, 0);
    return new Mixture(own.map((part) => ({ ...part, weight: part.weight / total })));
  }

  /** Each part's weight × density at a point of the noisy data. */
  #terms(x: number, y: number, { alpha, sigma }: NoiseLevel): number[] {
    return this.parts.map(({ weight, mean, deviation }) => {
      const v = (alpha * deviation) ** 2 + sigma ** 2;
      const square = (x - alpha * mean[0]) ** 2 + (y - alpha * mean[1]) ** 2;
      return Math.log(weight / (2 * Math.PI * v)) - square / (2 * v);
    });
  }

  logDensity(x: number, y: number, level: NoiseLevel = CLEAN): number {
    const terms = this.#terms(x, y, level), most = Math.max(...terms);
    return most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0));
  }

  /** ∇ log p of the noisy data at every point of `xy`. */
  score(xy: Float32Array, level: NoiseLevel): Float32Array {
    const out = new Float32Array(xy.length), { alpha, sigma } = level;
    for (let i = 0; i < xy.length; i += 2) {
      const terms = this.#terms(xy[i]!, xy[i + 1]!, level),
        all = this.logDensity(xy[i]!, xy[i + 1]!, level);
      this.parts.forEach(({ mean, deviation }, k) => {
        const share = Math.exp(terms[k]! - all) / ((alpha * deviation) ** 2 + sigma ** 2);
        out[i]! += share * (alpha * mean[0] - xy[i]!);
        out[i + 1]! += share * (alpha * mean[1] - xy[i + 1]!);
      });
    }
    return out;
  }

  /** The noise in noisy data, as the best network predicts it: -sigma·score. */
  eps(xy: Float32Array, level: NoiseLevel): Float32Array {
    return this.score(xy, level).map((value) => -level.sigma * value);
  }

  /** Draws points with a source of N(0, 1). */
  sample(count: number, fill: (out: Float32Array) => void): Float32Array {
    const z = new Float32Array(2 * count), u = new Float32Array(count);
    fill(z);
    fill(u);
    const order = u.map((_, i) => i).sort((a, b) => u[a]! - u[b]!); // ranks of normals are uniform
    order.forEach((i, rank) => {
      let left = (rank + 0.5) / count, k = 0;
      while (k < this.parts.length - 1 && left > this.parts[k]!.weight) {
        left -= this.parts[k++]!.weight;
      }
      const { mean, deviation } = this.parts[k]!;
      for (const d of [0, 1] as const) z[2 * i + d] = mean[d] + deviation * z[2 * i + d]!;
    });
    return z;
  }
}

/** Three clouds. */
export const CLOUDS = new Mixture([
  { weight: 0.45, mean: [-1.2, 0.6], deviation: 0.42 },
  { weight: 0.35, mean: [1.1, 0.9], deviation: 0.32 },
  { weight: 0.2, mean: [0.4, -1.1], deviation: 0.5 },
]);

/** Two classes of two clouds each, which overlap: 0 and 1. */
export const CLASSES = new Mixture([
  { weight: 0.3, mean: [-0.9, 0.5], deviation: 0.55, label: 0 },
  { weight: 0.2, mean: [0.2, 1.1], deviation: 0.4, label: 0 },
  { weight: 0.25, mean: [0.5, -0.2], deviation: 0.5, label: 1 },
  { weight: 0.25, mean: [1.2, -1.1], deviation: 0.45, label: 1 },
]);
