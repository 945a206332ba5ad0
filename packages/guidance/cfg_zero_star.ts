/**
 * CFG-Zero*: guidance with an optimised scale for the unconditional prediction.
 *
 * @module
 */
import { checkScale, copy, positiveAndNegative, positiveOnly } from "./_combine.ts";
import { type Branch, type Guidance, type Scale, scaleAt } from "./guidance.ts";

/** Options of {@linkcode cfgZeroStar}. */
export interface CfgZeroStarOptions {
  /** Guidance scale g as in classifier-free guidance. Default 7.5. */
  readonly scale?: Scale | undefined;
  /** How many first steps predict 0 without asking the network. Default 1. */
  readonly zeroInitSteps?: number | undefined;
}

const noBranches: readonly Branch[] = [];

/**
 * CFG-Zero*, Fan et al. (2025), https://arxiv.org/abs/2503.18886, algorithm 1, for networks that
 * predict a velocity: `p = a u + g (c - a u)`, where `a = <c, u> / |u|^2` per sample is the scale at
 * which `u` comes closest to `c`; in the first steps, where the velocity of an under-trained network is
 * worse than none, `p = 0`.
 *
 * @param options Scale and number of zeroed steps.
 * @returns A guidance with the branches `positive` and `negative`, none in the zeroed steps.
 * @throws {RangeError} if an option is out of range.
 *
 * @example The first step stands still
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cfgZeroStar } from "@shum/guidance";
 *
 * const guidance = cfgZeroStar({ scale: 4 });
 * const progress = { index: 0, total: 10, level: { t: 1, alpha: 0, sigma: 1 } };
 * assertEquals(guidance.branches(progress), []);
 * ```
 */
export function cfgZeroStar(
  { scale = 7.5, zeroInitSteps = 1 }: CfgZeroStarOptions = {},
): Guidance {
  checkScale(scale, "scale");
  if (!Number.isInteger(zeroInitSteps) || zeroInitSteps < 0) {
    throw new RangeError(
      `Cannot guide by CFG-Zero*: zeroInitSteps is ${zeroInitSteps}; expected 0 or a whole number above`,
    );
  }
  return {
    on: "output",
    branches(progress) {
      if (progress.index < zeroInitSteps) return noBranches;
      return scaleAt(scale, progress) === 1 ? positiveOnly : positiveAndNegative;
    },
    start: ({ batch }) => (out, { positive: c, negative: u }, progress) => {
      if (!c) return void out.fill(0);
      if (!u) return copy(out, c);
      const g = scaleAt(scale, progress);
      const size = out.length / batch;
      for (let b = 0; b < batch; b++) {
        const from = b * size, to = from + size;
        let product = 0, squares = 0;
        for (let i = from; i < to; i++) {
          product += c[i]! * u[i]!;
          squares += u[i]! * u[i]!;
        }
        const a = product / (squares + 1e-8); // the authors' guard against u = 0
        for (let i = from; i < to; i++) out[i] = g * c[i]! + (1 - g) * a * u[i]!;
      }
    },
  };
}
