import type { NoiseLevel } from "../plan/noise_level.ts";
import type { Prediction } from "../plan/prediction.ts";
import type { Trajectory } from "../plan/trajectory.ts";
import { weightedSum } from "../arithmetic/weighted_sum.ts";

/** One model call that an adaptive sampler asks for. */
export interface Query {
  /** The sample to show the model; the sampler's own buffer, live until the answer. */
  readonly x: Float32Array;
  /** Where the sample is. */
  readonly level: NoiseLevel;
}

/**
 * A sampler whose next step depends on data, so that no plan can be compiled beforehand, written as a
 * generator: it yields what to ask the model, is sent the noise that the model predicts there, and
 * returns its result.
 *
 * The predicted noise is `eps` of `x = alpha·x0 + sigma·eps`, whatever the network was trained to say;
 * the score is `-eps / sigma`. It must be read before the next yield.
 *
 * @example A sampler of one call
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adaptive, type AdaptiveSampler, score } from "@shum/schedulers";
 *
 * function* denoiseOnce(x: Float32Array): AdaptiveSampler {
 *   const level = { t: 0, alpha: 1, sigma: 0.5 };
 *   const eps = yield { x, level };
 *   return x.map((value, i) => value - level.sigma * eps[i]!);
 * }
 * const run = adaptive(denoiseOnce(Float32Array.of(2)), score);
 * run.step(Float32Array.of(-4)); // the score
 * assertEquals([...run.x], [1]);
 * ```
 */
export type AdaptiveSampler<Result = Float32Array> = Generator<Query, Result, Float32Array>;

/**
 * Drives an adaptive sampler as a {@linkcode Trajectory}, the way a pipeline drives a plan.
 *
 * `total` is the number of model calls to report as progress; it is never less than the
 * calls made. After the last call `level` stays the last one asked for.
 *
 * @param sampler The sampler, not started yet.
 * @param prediction What the network predicts.
 * @param options How many model calls to expect.
 * @returns The run. Its `step` throws a `RangeError` for an output of the wrong length, or when
 * the run is done.
 *
 * @example Three calls where two were expected
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adaptive, score } from "@shum/schedulers";
 *
 * const level = { t: 0, alpha: 1, sigma: 1 };
 * const run = adaptive((function* (x: Float32Array) {
 *   for (let k = 0; k < 3; k++) x.set(yield { x, level });
 *   return x;
 * })(new Float32Array(1)), score, { total: 2 });
 * while (!run.done) run.step(Float32Array.of(run.x[0]! - 1));
 * assertEquals([run.index, run.total, run.x[0]], [3, 3, 1]);
 * ```
 */
export function adaptive(
  sampler: AdaptiveSampler,
  prediction: Prediction,
  { total = 0 }: { total?: number | undefined } = {},
): Trajectory {
  return new Adaptive(sampler, prediction, total);
}

class Adaptive implements Trajectory {
  readonly #sampler: AdaptiveSampler;
  readonly #prediction: Prediction;
  readonly #estimate: number;
  readonly #eps: Float32Array;
  readonly #x0: Float32Array;
  #level: NoiseLevel;
  #x: Float32Array;
  #done: boolean;
  #index = 0;

  constructor(sampler: AdaptiveSampler, prediction: Prediction, estimate: number) {
    this.#sampler = sampler;
    this.#prediction = prediction;
    this.#estimate = estimate;
    const first = sampler.next(new Float32Array(0));
    this.#done = first.done === true;
    this.#x = first.done ? first.value : first.value.x;
    this.#level = first.done ? { t: 0, alpha: 1, sigma: 0 } : first.value.level;
    this.#eps = new Float32Array(this.#x.length);
    this.#x0 = new Float32Array(this.#x.length);
  }

  get level(): NoiseLevel {
    return this.#level;
  }

  get index(): number {
    return this.#index;
  }

  get total(): number {
    return this.#done ? this.#index : Math.max(this.#estimate, this.#index + 1);
  }

  get done(): boolean {
    return this.#done;
  }

  get x(): Float32Array {
    return this.#x;
  }

  get x0(): Float32Array {
    return this.#x0;
  }

  get cIn(): number {
    return this.#prediction(this.#level).cIn;
  }

  get t(): number {
    return this.#prediction(this.#level).cNoise;
  }

  step(output: Float32Array): void {
    if (this.#done) {
      throw new RangeError(
        `Cannot step: the run ended after ${this.#index} model calls; expected no further call`,
      );
    }
    if (output.length !== this.#x.length) {
      throw new RangeError(
        `Cannot step: the model's output has ${output.length} elements; expected ` +
          `${this.#x.length}, as many as the sample`,
      );
    }
    const { cSkip, cOut, eSkip, eOut } = this.#prediction(this.#level);
    weightedSum(this.#x0, [cSkip, cOut], [this.#x, output]);
    weightedSum(this.#eps, [eSkip, eOut], [this.#x, output]);
    const next = this.#sampler.next(this.#eps);
    this.#index++;
    if (next.done) {
      this.#done = true;
      this.#x = next.value;
    } else {
      this.#x = next.value.x;
      this.#level = next.value.level;
    }
  }
}

/**
 * Runs an adaptive sampler to its end with a model that answers at once or with a promise, for
 * results that are not samples, such as a likelihood.
 *
 * @param sampler The sampler, not started yet.
 * @param prediction What the network predicts.
 * @param model The network: given `cIn·x`, which it must not keep, and what it is told about the
 * level.
 * @returns What the sampler returns.
 *
 * @example A result that is a number
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type AdaptiveSampler, drive, score } from "@shum/schedulers";
 *
 * function* length(x: Float32Array): AdaptiveSampler<number> {
 *   const eps = yield { x, level: { t: 0, alpha: 1, sigma: 1 } };
 *   return Math.hypot(...eps);
 * }
 * assertEquals(await drive(length(Float32Array.of(3, 4)), score, (x) => x.map((v) => -v)), 5);
 * ```
 */
export async function drive<Result>(
  sampler: AdaptiveSampler<Result>,
  prediction: Prediction,
  model: (x: Float32Array, t: number) => Float32Array | Promise<Float32Array>,
): Promise<Result> {
  let next = sampler.next(new Float32Array(0));
  let input = new Float32Array(0), eps = input;
  while (!next.done) {
    const { x, level } = next.value;
    if (input.length !== x.length) {
      input = new Float32Array(x.length);
      eps = new Float32Array(x.length);
    }
    const { cIn, cNoise, eSkip, eOut } = prediction(level);
    weightedSum(input, [cIn], [x]);
    weightedSum(eps, [eSkip, eOut], [x, await model(input, cNoise)]);
    next = sampler.next(eps);
  }
  return next.value;
}
