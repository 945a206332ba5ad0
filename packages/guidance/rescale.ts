/**
 * Rescaling a guided prediction to the standard deviation of the positive one.
 *
 * @module
 */
import type { Guidance } from "./guidance.ts";

/** Options of {@linkcode rescale}. */
export interface RescaleOptions {
  /** How much of the rescaled prediction to mix in, 0 to 1; the paper recommends 0.7. */
  readonly phi: number;
}

/** Standard deviation of `values[from..to]` with n - 1 in the denominator, as torch's `std`. */
function deviation(values: Float32Array, from: number, to: number): number {
  const n = to - from;
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = from; i < to; i++) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / (n - 1));
}

/**
 * Wraps any guidance in the rescaling of Lin et al. (2023), https://arxiv.org/abs/2305.08891, section
 * 3.4, eq. 15 and 16: `phi r + (1 - phi) p` with `r = p std(c) / std(p)`, the deviations taken per
 * sample over all other dimensions. It prevents the overexposure of large scales, which shows most
 * with a zero terminal signal-to-noise ratio.
 *
 * It acts on whatever the wrapped guidance acts on; the paper and diffusers rescale the raw output.
 *
 * @param guidance What to wrap.
 * @param options How much to rescale.
 * @returns A guidance with the same branches.
 * @throws {RangeError} if `phi` lies outside 0..1.
 *
 * @example The deviation of the positive prediction is restored
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { classifierFree, rescale } from "@shum/guidance";
 *
 * const combine = rescale(classifierFree({ scale: 3 }), { phi: 1 }).start({ batch: 1 });
 * const out = new Float32Array(2);
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * combine(out, { positive: Float32Array.of(-1, 1), negative: Float32Array.of(0, 0) }, progress);
 * assertAlmostEquals(out[1]!, 1, 1e-6); // 3 before
 * ```
 */
export function rescale(guidance: Guidance, { phi }: RescaleOptions): Guidance {
  if (!(phi >= 0 && phi <= 1)) {
    throw new RangeError(`Cannot rescale guidance: phi is ${phi}; expected a number from 0 to 1`);
  }
  return {
    ...guidance,
    branches: (progress) => guidance.branches(progress),
    start(run) {
      const inner = guidance.start(run);
      // Deviations of the positive prediction, kept because `out` may be its buffer.
      const target = new Float64Array(run.batch);
      return (out, predictions, progress) => {
        const { positive } = predictions;
        const size = out.length / run.batch;
        if (positive) {
          for (let b = 0; b < run.batch; b++) {
            target[b] = deviation(positive, b * size, (b + 1) * size);
          }
        }
        inner(out, predictions, progress);
        if (!positive) return;
        for (let b = 0; b < run.batch; b++) {
          const from = b * size, to = from + size;
          const now = deviation(out, from, to);
          if (now === 0) continue;
          const factor = phi * target[b]! / now + 1 - phi;
          for (let i = from; i < to; i++) out[i]! *= factor;
        }
      };
    },
  };
}
