import { requireShape, tokenPosterior } from "./posterior.ts";
import type { TokenTransitions } from "./transitions.ts";

/** A source of numbers in [0, 1), such as `torchRandom`. */
export interface Uniform {
  /** Overwrites `out` with the next numbers of the stream. */
  uniform(out: Float32Array): void;
}

/** Settings of {@linkcode VqDiffusion}. */
export interface VqDiffusionOptions {
  /** How many tokens, if all of them start masked. */
  readonly length?: number | undefined;
  /** The tokens to start from, if not. */
  readonly tokens?: ArrayLike<number> | undefined;
  /** How many of the last steps to run; all by default. */
  readonly steps?: number | undefined;
}

/**
 * VQ-Diffusion's sampler: from masked tokens to classes, by drawing from the posterior at each step.
 *
 * Gu et al. (2022), https://arxiv.org/abs/2111.14822, algorithm 2. A run is driven as others are: show the
 * model `tokens` and `t`, hand its `log p(x0)`, of shape [classes - 1, tokens], to `step`. Draws are made by the
 * Gumbel trick in the order of diffusers' VQDiffusionScheduler, so the same generator gives the same
 * tokens but for ties within rounding.
 *
 * @example A model that is sure
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { torchRandom, VqDiffusion, vqTransitions } from "@shum/schedulers";
 *
 * const run = new VqDiffusion(vqTransitions({ classes: 4, steps: 10 }), torchRandom(0), { length: 2 });
 * // A model that is sure of class 2 for the first token and class 0 for the second.
 * while (!run.done) run.step([-50, 0, -50, -50, 0, -50]);
 * assertEquals([...run.tokens], [2, 0]);
 * ```
 */
export class VqDiffusion {
  readonly #transitions: TokenTransitions;
  readonly #random: Uniform;
  readonly #tokens: Int32Array;
  readonly #uniform: Float32Array;
  readonly #total: number;
  #index = 0;

  /**
   * Starts a run.
   *
   * @param transitions How tokens were corrupted in training.
   * @param random The source of every draw.
   * @param options What to start from, and how many steps to run; tokens are copied.
   * @throws {RangeError} if there are no such steps, neither a length nor tokens or both, or a token
   * that is no class.
   */
  constructor(
    transitions: TokenTransitions,
    random: Uniform,
    { length, tokens, steps = transitions.steps }: VqDiffusionOptions,
  ) {
    const { classes } = transitions;
    if (!Number.isInteger(steps) || steps < 1 || steps > transitions.steps) {
      throw new RangeError(
        `Cannot sample tokens: steps is ${steps}; expected a whole number from 1 to ` +
          `${transitions.steps}`,
      );
    }
    if ((length === undefined) === (tokens === undefined)) {
      throw new RangeError(
        `Cannot sample tokens: expected either a length or tokens to start from`,
      );
    }
    this.#tokens = tokens === undefined
      ? new Int32Array(length!).fill(classes - 1)
      : Int32Array.from(tokens);
    const odd = this.#tokens.find((token) => token < 0 || token >= classes);
    if (odd !== undefined) {
      throw new RangeError(
        `Cannot sample tokens: a token is ${odd}; expected 0 to ${classes - 1}, the mask`,
      );
    }
    this.#transitions = transitions;
    this.#random = random;
    this.#total = steps;
    this.#uniform = new Float32Array(classes * this.#tokens.length);
  }

  /** The tokens now; the mask is `classes - 1`. */
  get tokens(): Int32Array {
    return this.#tokens;
  }

  /** The time that the model is told: the number of steps left, less one. */
  get t(): number {
    return this.#total - 1 - this.#index;
  }

  /** Model calls done so far. */
  get index(): number {
    return this.#index;
  }

  /** Model calls of the whole run. */
  get total(): number {
    return this.#total;
  }

  /** Whether {@linkcode tokens} is the result. */
  get done(): boolean {
    return this.#index >= this.#total;
  }

  /**
   * Takes the model's `log p(x0)` and draws the tokens of the step before.
   *
   * @param logX0 The model's output, of shape [classes - 1, tokens].
   * @throws {RangeError} if the run is done, or the shape is wrong.
   */
  step(logX0: ArrayLike<number>): void {
    if (this.done) {
      throw new RangeError(
        `Cannot step: all ${this.#total} steps are done; expected no further call`,
      );
    }
    const { classes } = this.#transitions, n = this.#tokens.length;
    requireShape(logX0, classes - 1, n);
    const logs = this.t === 0
      ? logX0
      : tokenPosterior(this.#transitions, logX0, this.#tokens, this.t);
    const uniform = this.#uniform.subarray(0, logs.length);
    this.#random.uniform(uniform);
    for (let k = 0; k < n; k++) {
      let best = 0, largest = -Infinity;
      for (let i = k, c = 0; i < logs.length; i += n, c++) {
        const gumbel = -Math.log(-Math.log(uniform[i]! + 1e-30) + 1e-30);
        const value = logs[i]! + gumbel;
        if (value > largest) [best, largest] = [c, value];
      }
      this.#tokens[k] = best;
    }
    this.#index++;
  }
}
