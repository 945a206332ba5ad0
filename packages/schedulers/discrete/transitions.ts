/**
 * How tokens are corrupted: at each step a token stays, becomes any class at random, or is masked.
 *
 * Row t of each list belongs to the step from time t - 1 to t; a `cumulative` row to all steps up to t.
 * A token stays with probability `alpha + beta`, becomes each other class with `beta`, and the mask with
 * `gamma`; the mask is absorbing. The classes are 0 to `classes - 2`; the mask is the last, `classes - 1`.
 *
 * Gu et al. (2022), https://arxiv.org/abs/2111.14822, eq. 7 and 8; Austin et al. (2021),
 * https://arxiv.org/abs/2107.03006, for the two special cases.
 *
 * @example Probabilities sum to 1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { type TokenTransitions, vqTransitions } from "@shum/schedulers";
 *
 * const { alpha, beta, gamma }: TokenTransitions = vqTransitions({ classes: 5 });
 * assertAlmostEquals(alpha[9]! + 4 * beta[9]! + gamma[9]!, 1);
 * ```
 */
export interface TokenTransitions {
  /** Number of classes, the mask included. */
  readonly classes: number;
  /** Number of steps. */
  readonly steps: number;
  /** The part of staying that a random change cannot do. */
  readonly alpha: Float64Array;
  /** The probability of each class by a random change. */
  readonly beta: Float64Array;
  /** The probability of being masked. */
  readonly gamma: Float64Array;
  /** The same over all steps from clean data. */
  readonly cumulative: {
    readonly alpha: Float64Array;
    readonly beta: Float64Array;
    readonly gamma: Float64Array;
  };
}

/**
 * VQ-Diffusion's transitions: the cumulative alpha falls, and the cumulative gamma rises, linearly.
 *
 * Gu et al. (2022), https://arxiv.org/abs/2111.14822, section 4.1; diffusers' VQDiffusionScheduler. With both
 * gammas 0 the corruption is uniform; with `alpha + gamma = 1` at both ends it is absorbing.
 *
 * @param options The number of classes, the mask included; the number of steps; and the ends of
 * the cumulative rates.
 * @returns The transitions.
 * @throws {RangeError} if a count is below 2, or the rates are no probabilities.
 *
 * @example The released model's
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { vqTransitions } from "@shum/schedulers";
 * const { cumulative } = vqTransitions({ classes: 2887, steps: 100 });
 * assertAlmostEquals(cumulative.gamma[99]!, 0.99999);
 * ```
 */
export function vqTransitions(
  {
    classes,
    steps = 100,
    alphaStart = 0.99999,
    alphaEnd = 9e-6,
    gammaStart = 9e-6,
    gammaEnd = 0.99999,
  }: {
    classes: number;
    steps?: number | undefined;
    alphaStart?: number | undefined;
    alphaEnd?: number | undefined;
    gammaStart?: number | undefined;
    gammaEnd?: number | undefined;
  },
): TokenTransitions {
  if (!Number.isInteger(classes) || classes < 2 || !Number.isInteger(steps) || steps < 2) {
    throw new RangeError(
      `Cannot make transitions: classes is ${classes} and steps is ${steps}; expected whole numbers ` +
        `of 2 or more`,
    );
  }
  const ends = [[alphaStart, gammaStart], [alphaEnd, gammaEnd]] as const;
  for (const [a, c] of ends) {
    // A sum like 0.99999 + 9e-6 may pass 1 by a rounding error.
    if (a > 0 && c >= 0 && c < 1 && a + c <= 1 + 1e-12) continue;
    throw new RangeError(
      `Cannot make transitions: alpha is ${a} beside gamma ${c}; expected alpha above 0, gamma from 0 ` +
        `to below 1, and a sum of at most 1`,
    );
  }
  const linear = (start: number, end: number): Float64Array =>
    Float64Array.from({ length: steps }, (_, t) => start + t / (steps - 1) * (end - start));
  const cumulative = rates(
    linear(alphaStart, alphaEnd),
    linear(gammaStart, gammaEnd),
    classes,
  );
  const { alpha, gamma } = cumulative;
  const single = rates(
    alpha.map((a, t) => t === 0 ? a : a / alpha[t - 1]!),
    gamma.map((c, t) => t === 0 ? c : 1 - (1 - c) / (1 - gamma[t - 1]!)),
    classes,
  );
  return { classes, steps, ...single, cumulative };
}

/** `beta` is what alpha and gamma leave, shared by all classes but the mask; a rounding error is 0. */
function rates(alpha: Float64Array, gamma: Float64Array, classes: number) {
  const beta = alpha.map((a, t) => {
    const left = 1 - a - gamma[t]!;
    return left < 1e-14 ? 0 : left / (classes - 1);
  });
  return { alpha, beta, gamma };
}
