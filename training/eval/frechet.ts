/**
 * The Fréchet distance between two sets of features, each taken as a Gaussian
 * (Heusel et al. 2017, https://arxiv.org/abs/1706.08500, eq. 6):
 * |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½).
 *
 * @module
 */

interface Moments {
  readonly mean: Float64Array;
  /** Symmetric, row by row. */
  readonly covariance: Float64Array;
}

function moments(features: readonly Float32Array[]): Moments {
  const n = features.length, d = features[0]!.length;
  const mean = new Float64Array(d), covariance = new Float64Array(d * d);
  for (const row of features) for (let i = 0; i < d; i++) mean[i]! += row[i]! / n;
  const centred = new Float64Array(d);
  for (const row of features) {
    for (let i = 0; i < d; i++) centred[i] = row[i]! - mean[i]!;
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) covariance[i * d + j]! += centred[i]! * centred[j]! / (n - 1);
    }
  }
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) covariance[j * d + i] = covariance[i * d + j]!;
  }
  return { mean, covariance };
}

/**
 * Eigenvalues and vectors (as columns) of a symmetric d×d matrix, by cyclic Jacobi rotations
 * (Golub & Van Loan, Matrix Computations, algorithm 8.5.3).
 */
export function eigen(
  matrix: Float64Array,
  d: number,
): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice(), v = new Float64Array(d * d);
  let norm = 0;
  for (let i = 0; i < d; i++) v[i * d + i] = 1;
  for (const x of a) norm += x * x;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) off += a[p * d + q]! ** 2;
    if (off <= 1e-22 * norm) break;
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) {
        const apq = a[p * d + q]!;
        if (apq * apq <= 1e-26 * norm / (d * d)) continue;
        const tau = (a[q * d + q]! - a[p * d + p]!) / (2 * apq);
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        const c = 1 / Math.sqrt(1 + t * t), s = t * c;
        for (let k = 0; k < d; k++) {
          const x = a[k * d + p]!, y = a[k * d + q]!;
          a[k * d + p] = c * x - s * y;
          a[k * d + q] = s * x + c * y;
        }
        for (let k = 0; k < d; k++) {
          const x = a[p * d + k]!, y = a[q * d + k]!;
          a[p * d + k] = c * x - s * y;
          a[q * d + k] = s * x + c * y;
          const vx = v[k * d + p]!, vy = v[k * d + q]!;
          v[k * d + p] = c * vx - s * vy;
          v[k * d + q] = s * vx + c * vy;
        }
      }
    }
  }
  return { values: Float64Array.from({ length: d }, (_, i) => a[i * d + i]!), vectors: v };
}

function multiply(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let k = 0; k < d; k++) {
      const x = a[i * d + k]!;
      if (x !== 0) { for (let j = 0; j < d; j++) out[i * d + j]! += x * b[k * d + j]!; }
    }
  }
  return out;
}

/**
 * The Fréchet distance of two sets of feature vectors of one width.
 *
 * @throws {RangeError} If a set has fewer than two vectors.
 */
export function frechetDistance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  for (const set of [a, b]) {
    if (set.length < 2) {
      throw new RangeError(
        `Cannot compare: a set has ${set.length} feature vectors; expected at least 2`,
      );
    }
  }
  const d = a[0]!.length, p = moments(a), q = moments(b);
  // tr (Σ₁ Σ₂)^½ = tr (Σ₁^½ Σ₂ Σ₁^½)^½, which is symmetric.
  const { values, vectors } = eigen(p.covariance, d);
  const root = new Float64Array(d * d);
  for (let k = 0; k < d; k++) {
    const s = Math.sqrt(Math.max(0, values[k]!));
    for (let i = 0; i < d; i++) {
      const x = s * vectors[i * d + k]!;
      for (let j = 0; j < d; j++) root[i * d + j]! += x * vectors[j * d + k]!;
    }
  }
  const inner = multiply(multiply(root, q.covariance, d), root, d);
  let distance = 0;
  for (let i = 0; i < d; i++) {
    distance += (p.mean[i]! - q.mean[i]!) ** 2 + p.covariance[i * d + i]! +
      q.covariance[i * d + i]!;
  }
  for (const value of eigen(inner, d).values) distance -= 2 * Math.sqrt(Math.max(0, value));
  return Math.max(0, distance);
}
