/**
 * A mixture of isotropic Gaussians: data for which every conditional density, its score, and the
 * posterior of the component are known at every noise level. What guidance claims is checked on it.
 *
 * @module
 */
import type { NoiseLevel } from "@shum/schedulers";

export interface Component {
  readonly weight: number;
  readonly mean: readonly number[];
  readonly variance: number;
}

/** log p(x_t), up to the common factor (2 pi)^(-d/2). */
export function logDensity(
  components: readonly Component[],
  x: ArrayLike<number>,
  level: NoiseLevel,
): number {
  const logs = components.map(({ weight, mean, variance }) => {
    const v = level.alpha ** 2 * variance + level.sigma ** 2;
    let squares = 0;
    mean.forEach((m, i) => squares += (x[i]! - level.alpha * m) ** 2);
    return Math.log(weight) - squares / (2 * v) - mean.length / 2 * Math.log(v);
  });
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

/** d log p(x_t) / d x_t. */
export function score(
  components: readonly Component[],
  x: ArrayLike<number>,
  level: NoiseLevel,
): number[] {
  const total = logDensity(components, x, level);
  const out = new Array<number>(x.length).fill(0);
  for (const component of components) {
    const share = Math.exp(logDensity([component], x, level) - total);
    const v = level.alpha ** 2 * component.variance + level.sigma ** 2;
    for (let i = 0; i < out.length; i++) {
      out[i]! += share * (level.alpha * component.mean[i]! - x[i]!) / v;
    }
  }
  return out;
}

/** The exact noise prediction, E[eps | x_t] = -sigma * score. */
export function noise(
  components: readonly Component[],
  x: ArrayLike<number>,
  level: NoiseLevel,
): Float32Array {
  return Float32Array.from(score(components, x, level), (s) => -level.sigma * s);
}

/** d log p(component k | x_t) / d x_t: a perfect classifier's gradient. */
export function posteriorGradient(
  components: readonly Component[],
  k: number,
  x: ArrayLike<number>,
  level: NoiseLevel,
): Float32Array {
  const whole = score(components, x, level);
  return Float32Array.from(score([components[k]!], x, level), (s, i) => s - whole[i]!);
}

/** The gradient of any log density by central differences: knows nothing of scores. */
export function differences(
  log: (x: readonly number[]) => number,
  x: readonly number[],
  h = 1e-4,
): number[] {
  return x.map((_, i) => {
    const at = (d: number) => log(x.map((value, j) => i === j ? value + d : value));
    return (at(h) - at(-h)) / (2 * h);
  });
}

/** The product of powers of single Gaussians is a Gaussian: precision and mean at a level. */
export function gaussianProduct(
  factors: readonly { readonly power: number; readonly of: Component }[],
  level: NoiseLevel,
): { precision: number; mean: number[] } {
  let precision = 0;
  const weighted = factors[0]!.of.mean.map(() => 0);
  for (const { power, of } of factors) {
    const p = power / (level.alpha ** 2 * of.variance + level.sigma ** 2);
    precision += p;
    of.mean.forEach((m, i) => weighted[i]! += p * level.alpha * m);
  }
  return { precision, mean: weighted.map((w) => w / precision) };
}

/** Three clusters in the plane, of unequal weight and width. */
export const clusters: readonly Component[] = [
  { weight: 0.5, mean: [1, 0], variance: 0.09 },
  { weight: 0.3, mean: [-0.8, 0.6], variance: 0.04 },
  { weight: 0.2, mean: [0, -1.2], variance: 0.16 },
];

/** Variance-preserving, variance-exploding and flow levels, from clean to noisy. */
export const levels: readonly NoiseLevel[] = [
  { t: 20, alpha: Math.sqrt(0.99), sigma: 0.1 },
  { t: 500, alpha: 0.6, sigma: 0.8 },
  { t: 900, alpha: 0.1, sigma: Math.sqrt(0.99) },
  { t: 300, alpha: 1, sigma: 0.7 },
  { t: 999, alpha: 1, sigma: 14.6 },
  { t: 400, alpha: 0.6, sigma: 0.4 },
];

/** Points near, between and far from the clusters. */
export const points: readonly (readonly number[])[] = [[0.2, 0.1], [-0.7, 0.9], [2, -3]];
