/**
 * Several prompts at once, each with a weight.
 *
 * @module
 */
import { weightedSum } from "@shum/schedulers";
import { checkScale, copy } from "./_combine.ts";
import type { Branch, Guidance } from "./guidance.ts";

/** Options of {@linkcode composable}. */
export interface ComposableOptions {
  /** One weight per prompt; a negative weight steers away from its prompt. */
  readonly weights: readonly number[];
}

/**
 * The branch of prompt `k` of several: `positive` for the first, then `positive[1]`, `positive[2]`...
 *
 * @param k Index of the prompt.
 * @returns The branch's name.
 *
 * @example The first two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { positiveBranch } from "@shum/guidance";
 *
 * assertEquals([positiveBranch(0), positiveBranch(1)], ["positive", "positive[1]"]);
 * ```
 */
export function positiveBranch(k: number): Branch {
  return k === 0 ? "positive" : `positive[${k}]`;
}

/**
 * Composable diffusion (conjunction and negation), Liu et al. (2022),
 * https://arxiv.org/abs/2206.01714, eq. 11: `p = u + sum of w_k (c_k - u)`, which samples the density
 * `p(x) prod (p(x | c_k) / p(x))^w_k`. One prompt of weight g is classifier-free guidance.
 *
 * @param options The weights, one per prompt.
 * @returns A guidance with the branches `positive`, `positive[1]`... and `negative`.
 * @throws {RangeError} if there is no weight or one is not finite.
 *
 * @example Two prompts
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { composable } from "@shum/guidance";
 *
 * const combine = composable({ weights: [2, -1] }).start({ batch: 1 });
 * const out = new Float32Array(1);
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * const predictions = {
 *   positive: Float32Array.of(3),
 *   "positive[1]": Float32Array.of(5),
 *   negative: Float32Array.of(1),
 * };
 * combine(out, predictions, progress);
 * assertEquals(out[0], 1); // 1 + 2 (3 - 1) - (5 - 1)
 * ```
 */
export function composable({ weights }: ComposableOptions): Guidance {
  if (weights.length === 0) {
    throw new RangeError("Cannot compose prompts: there are 0 weights; expected one per prompt");
  }
  weights.forEach((weight, k) => checkScale(weight, `weights[${k}]`));
  const concepts = weights.map((_, k) => positiveBranch(k));
  const branches: readonly Branch[] = [...concepts, "negative"];
  const sumWeights = [...weights, 1 - weights.reduce((sum, weight) => sum + weight, 0)];
  return {
    on: "output",
    branches: () => branches,
    start: () => {
      const vectors = new Array<Float32Array>(branches.length);
      return (out, predictions) => {
        if (!predictions.negative) return copy(out, predictions.positive!);
        for (let k = 0; k < branches.length; k++) vectors[k] = predictions[branches[k]!]!;
        weightedSum(out, sumWeights, vectors);
      };
    },
  };
}
