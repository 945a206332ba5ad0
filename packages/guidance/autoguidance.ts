/**
 * Guidance by a worse version of the network.
 *
 * @module
 */
import { checkScale, copy, extrapolate, positiveOnly } from "./_combine.ts";
import { type Branch, type Guidance, type Scale, scaleAt } from "./guidance.ts";

/** Options of {@linkcode autoguidance}. */
export interface AutoguidanceOptions {
  /** The paper's w: 1 switches guidance off. Default 2.1, the paper's choice for EDM2-S. */
  readonly scale?: Scale | undefined;
}

const branches: readonly Branch[] = ["positive", "weak"];

/**
 * Autoguidance, Karras et al. (2024), https://arxiv.org/abs/2406.02507, eq. 3:
 * `p = w + g (c - w)`, where `w` is the prediction of a smaller or less trained network under the same
 * condition. Unlike classifier-free guidance it leaves variety alone, and it works without a condition.
 *
 * @param options The scale.
 * @returns A guidance with the branches `positive` and `weak`.
 * @throws {RangeError} if the scale is not finite.
 *
 * @example Away from the weak network
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { autoguidance } from "@shum/guidance";
 *
 * const combine = autoguidance({ scale: 2 }).start({ batch: 1 });
 * const out = new Float32Array(1);
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * combine(out, { positive: Float32Array.of(3), weak: Float32Array.of(2) }, progress);
 * assertEquals(out[0], 4);
 * ```
 */
export function autoguidance({ scale = 2.1 }: AutoguidanceOptions = {}): Guidance {
  checkScale(scale, "scale");
  return {
    on: "output",
    branches: (progress) => scaleAt(scale, progress) === 1 ? positiveOnly : branches,
    start: () => (out, { positive, weak }, progress) =>
      weak ? extrapolate(out, scaleAt(scale, progress), positive!, weak) : copy(out, positive!),
  };
}
