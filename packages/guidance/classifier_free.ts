/**
 * Classifier-free guidance.
 *
 * @module
 */
import { checkScale, copy, extrapolate, positiveAndNegative, positiveOnly } from "./_combine.ts";
import { type Guidance, type Scale, scaleAt } from "./guidance.ts";

/** Options of {@linkcode classifierFree}. */
export interface ClassifierFreeOptions {
  /** Guidance scale g; 1 switches guidance off and halves the work. Default 7.5. */
  readonly scale?: Scale | undefined;
}

/**
 * Classifier-free guidance, Ho & Salimans (2022), https://arxiv.org/abs/2207.12598, in the form of
 * Saharia et al. (2022): `p = u + g (c - u)`, with `c` the positive and `u` the negative prediction.
 * The paper's eq. 6 has `(1 + w) c - w u`, so `g = 1 + w`.
 *
 * `u` is the unconditional prediction, or that of a negative prompt: the arithmetic is the same.
 * The weights sum to 1, so it does not matter whether the network predicts noise, x0 or velocity.
 *
 * @param options The scale.
 * @returns A guidance with the branches `positive` and `negative`.
 * @throws {RangeError} if the scale is not finite.
 *
 * @example Scale 7.5
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifierFree } from "@shum/guidance";
 *
 * const combine = classifierFree({ scale: 7.5 }).start({ batch: 1 });
 * const out = new Float32Array(1);
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * combine(out, { positive: Float32Array.of(3), negative: Float32Array.of(1) }, progress);
 * assertEquals(out[0], 16);
 * ```
 */
export function classifierFree({ scale = 7.5 }: ClassifierFreeOptions = {}): Guidance {
  checkScale(scale, "scale");
  return {
    on: "output",
    branches: (progress) => scaleAt(scale, progress) === 1 ? positiveOnly : positiveAndNegative,
    start: () => (out, { positive, negative }, progress) =>
      negative
        ? extrapolate(out, scaleAt(scale, progress), positive!, negative)
        : copy(out, positive!),
  };
}
