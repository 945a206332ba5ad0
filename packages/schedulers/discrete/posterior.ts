import type { TokenTransitions } from "./transitions.ts";

/**
 * `log p(x_{t-1} | x_t)` of every token and class, from what a model says of the clean tokens.
 *
 * Gu et al. (2022), https://arxiv.org/abs/2111.14822, eq. 5 and 11: the posterior of the corruption, averaged
 * over the model's `p(x0)`. `logX0` has shape [classes - 1, tokens], the result [classes, tokens]. What
 * cannot happen has probability 0, so `-Infinity` (diffusers writes about -55 there).
 *
 * @param transitions How tokens were corrupted.
 * @param logX0 The model's `log p(x0)`.
 * @param tokens The tokens at `t`.
 * @param t The time, from 1.
 * @returns `log p(x_{t-1} | x_t)`, class by class.
 * @throws {RangeError} if the time or a shape does not fit.
 *
 * @example One masked token of two classes
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { tokenPosterior, vqTransitions } from "@shum/schedulers";
 *
 * // One masked token of two classes, which the model believes to be class 1.
 * const transitions = vqTransitions({ classes: 3, steps: 10 });
 * const [p0, p1, mask] = tokenPosterior(transitions, [-20, 0], [2], 5).map(Math.exp);
 * assertAlmostEquals(p0! + p1! + mask!, 1, 1e-6);
 * assertAlmostEquals(mask!, transitions.cumulative.gamma[4]! / transitions.cumulative.gamma[5]!, 1e-6);
 * ```
 */
export function tokenPosterior(
  transitions: TokenTransitions,
  logX0: ArrayLike<number>,
  tokens: ArrayLike<number>,
  t: number,
): Float64Array {
  const { classes, steps, cumulative } = transitions;
  const n = tokens.length, mask = classes - 1;
  if (!Number.isInteger(t) || t < 1 || t >= steps) {
    throw new RangeError(
      `Cannot find a posterior: t is ${t}; expected a whole number from 1 to ${steps - 1}`,
    );
  }
  requireShape(logX0, mask, n);
  const alpha = transitions.alpha[t]!, beta = transitions.beta[t]!, gamma = transitions.gamma[t]!;
  const before = t - 1;
  const alphaBefore = cumulative.alpha[before]!, betaBefore = cumulative.beta[before]!;
  const out = new Float64Array(classes * n);
  for (let k = 0; k < n; k++) {
    const token = tokens[k]!, masked = token === mask;
    let total = 0; // of p(x0) / q(x_t | x0)
    for (let c = 0; c < mask; c++) {
      const q = masked
        ? cumulative.gamma[t]!
        : cumulative.beta[t]! + (c === token ? cumulative.alpha[t]! : 0);
      const ratio = q > 0 ? Math.exp(logX0[c * n + k]!) / q : 0; // else x0 = c is impossible
      out[c * n + k] = ratio;
      total += ratio;
    }
    for (let c = 0; c < mask; c++) {
      const prior = alphaBefore * out[c * n + k]! + betaBefore * total; // q(x_{t-1} | x0), averaged
      const move = masked ? gamma : beta + (c === token ? alpha : 0); // q(x_t | x_{t-1})
      out[c * n + k] = Math.log(prior * move);
    }
    out[mask * n + k] = masked ? Math.log(cumulative.gamma[before]! * total) : -Infinity;
  }
  return out;
}

/**
 * Classifier-free guidance of tokens, in logarithms: `u + scale·(c - u)`, normalised again.
 *
 * Tang et al. (2022), https://arxiv.org/abs/2205.16007, section 3.1. All have shape [classes - 1, tokens]; `out` may be
 * an operand.
 *
 * @param out Where the guided logarithms go.
 * @param conditional `log p(x0)` under the prompt.
 * @param unconditional `log p(x0)` without it.
 * @param scale The guidance scale; 1 gives `conditional`.
 * @param tokens How many tokens there are.
 *
 * @example One token of two classes
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { guideTokens } from "@shum/schedulers";
 * const out = new Float32Array(2);
 * guideTokens(out, [Math.log(0.8), Math.log(0.2)], [Math.log(0.5), Math.log(0.5)], 2, 1);
 * assertAlmostEquals(out[0]!, Math.log(0.64 / 0.68), 1e-6);
 * ```
 */
export function guideTokens(
  out: Float32Array,
  conditional: ArrayLike<number>,
  unconditional: ArrayLike<number>,
  scale: number,
  tokens: number,
): void {
  for (let k = 0; k < tokens; k++) {
    let largest = -Infinity, sum = 0;
    for (let i = k; i < out.length; i += tokens) {
      out[i] = unconditional[i]! + scale * (conditional[i]! - unconditional[i]!);
      largest = Math.max(largest, out[i]!);
    }
    for (let i = k; i < out.length; i += tokens) sum += Math.exp(out[i]! - largest);
    const logSum = largest + Math.log(sum);
    for (let i = k; i < out.length; i += tokens) out[i]! -= logSum;
  }
}

/**
 * Truncates the distribution over classes, in place: of each token's classes, most probable first, those are kept
 * that come before the sum of probabilities reaches `rate`; the first always is. The others become
 * `log 0`, which is written as -70.
 *
 * The `truncation_rate` of diffusers' VQDiffusionPipeline.
 *
 * @param logX0 The model's `log p(x0)`, changed in place.
 * @param tokens How many tokens there are.
 * @param rate The sum of probabilities to keep.
 * @throws {RangeError} if `rate` is not from 0 to 1.
 *
 * @example The least probable of three
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { truncateTokens } from "@shum/schedulers";
 * const logX0 = new Float32Array([0.5, 0.3, 0.2].map(Math.log));
 * truncateTokens(logX0, 1, 0.6);
 * assertEquals(logX0[2], -70);
 * assertEquals(logX0[1], Math.fround(Math.log(0.3)));
 * ```
 */
export function truncateTokens(logX0: Float32Array, tokens: number, rate: number): void {
  if (!(rate >= 0 && rate <= 1)) {
    throw new RangeError(`Cannot truncate: rate is ${rate}; expected a number from 0 to 1`);
  }
  const classes = logX0.length / tokens;
  const order = Int32Array.from({ length: classes }, (_, c) => c);
  for (let k = 0; k < tokens; k++) {
    order.sort((a, b) => logX0[b * tokens + k]! - logX0[a * tokens + k]! || a - b);
    let sum = 0;
    for (let rank = 0; rank < classes; rank++) {
      const i = order[rank]! * tokens + k;
      const kept = rank === 0 || (rate < 1 ? sum < rate : true);
      sum += Math.exp(logX0[i]!);
      logX0[i] = kept ? Math.max(logX0[i]!, -70) : -70;
    }
  }
}

/** Throws a `RangeError` unless there is a number for each class but the mask, and each token. */
export function requireShape(logX0: ArrayLike<number>, classes: number, tokens: number): void {
  if (logX0.length === classes * tokens) return;
  throw new RangeError(
    `Cannot use the model's output: it has ${logX0.length} elements; expected ${classes} classes ` +
      `(all but the mask) of ${tokens} tokens, ${classes * tokens}`,
  );
}
