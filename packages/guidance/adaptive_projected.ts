/**
 * Adaptive projected guidance (APG).
 *
 * @module
 */
import { checkScale, copy, positiveAndNegative, positiveOnly } from "./_combine.ts";
import { type Guidance, type Scale, scaleAt } from "./guidance.ts";

/** Options of {@linkcode adaptiveProjected}. */
export interface AdaptiveProjectedOptions {
  /** Guidance scale g as in classifier-free guidance. Default 7.5. */
  readonly scale?: Scale | undefined;
  /** Weight of the part of the guidance parallel to the positive prediction: 1 keeps it. Default 0. */
  readonly eta?: number | undefined;
  /** The paper's r: longest the guidance may be, in the L2 norm per sample. Default 15. */
  readonly radius?: number | undefined;
  /** The paper's beta: weight of the running sum of past guidance. Default -0.5; 0 switches it off. */
  readonly momentum?: number | undefined;
  /** What to project: predicted clean samples as in the paper (default), or raw outputs as diffusers. */
  readonly on?: "output" | "x0" | undefined;
  /**
   * What the guidance is added to: the positive prediction as in the paper, with `scale - 1` (default),
   * or the negative with `scale`, as diffusers does unless told otherwise. The two agree when `eta` is 1
   * and nothing is shortened or remembered.
   */
  readonly from?: "positive" | "negative" | undefined;
}

/**
 * Adaptive projected guidance, Sadat et al. (2024), https://arxiv.org/abs/2410.02416, algorithm 1. The
 * difference of the predictions is (i) accumulated with a negative momentum, (ii) shortened to a
 * radius, (iii) freed of the part parallel to the positive prediction, which is what saturates colours.
 * Norms and products are per sample; the momentum starts anew with each run.
 *
 * @param options Scale, eta, radius, momentum.
 * @returns A guidance with the branches `positive` and `negative`.
 * @throws {RangeError} if an option is not finite or the radius is not positive.
 *
 * @example Only the orthogonal part guides
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adaptiveProjected } from "@shum/guidance";
 *
 * const combine = adaptiveProjected({ scale: 3, momentum: 0 }).start({ batch: 1 });
 * const out = new Float32Array(2);
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * combine(out, { positive: Float32Array.of(2, 0), negative: Float32Array.of(1, 1) }, progress);
 * assertEquals([...out], [2, -2]); // c + 2 times the part of c - u that is orthogonal to c
 * ```
 */
export function adaptiveProjected(
  {
    scale = 7.5,
    eta = 0,
    radius = 15,
    momentum = -0.5,
    on = "x0",
    from = "positive",
  }: AdaptiveProjectedOptions = {},
): Guidance {
  checkScale(scale, "scale");
  checkScale(eta, "eta");
  checkScale(momentum, "momentum");
  if (!(radius > 0)) {
    throw new RangeError(
      `Cannot project guidance: radius is ${radius}; expected a positive number or Infinity`,
    );
  }
  return {
    on,
    branches: (progress) => scaleAt(scale, progress) === 1 ? positiveOnly : positiveAndNegative,
    start({ batch }) {
      let running: Float32Array | undefined;
      return (out, { positive: c, negative: u }, progress) => {
        if (!c || !u) return copy(out, c!);
        running ??= new Float32Array(out.length);
        const size = out.length / batch;
        const g = from === "positive" ? scaleAt(scale, progress) - 1 : scaleAt(scale, progress);
        for (let b = 0; b < batch; b++) {
          const first = b * size, end = first + size;
          let squares = 0, cSquares = 0, product = 0;
          for (let i = first; i < end; i++) {
            const d = running[i] = c[i]! - u[i]! + momentum * running[i]!;
            squares += d * d;
            cSquares += c[i]! * c[i]!;
            product += d * c[i]!;
          }
          const shrink = Math.min(1, radius / Math.sqrt(squares));
          const parallel = cSquares > 0 ? product / cSquares : 0;
          // d_orthogonal + eta d_parallel = d - (1 - eta) d_parallel
          const removed = (1 - eta) * parallel;
          for (let i = first; i < end; i++) {
            const base = from === "positive" ? c[i]! : u[i]!;
            out[i] = base + g * shrink * (running[i]! - removed * c[i]!);
          }
        }
      };
    },
  };
}
