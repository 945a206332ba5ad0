/**
 * What guidance is: which predictions of the network a step needs, and how they become one.
 *
 * A guidance is configuration: immutable and shared by any number of runs. What a run remembers
 * (a momentum, scratch buffers) lives in the {@linkcode Combine} that `start()` returns.
 *
 * @module
 */
import { copy, positiveOnly } from "./_combine.ts";
import type { Branch, Progress, Scale } from "./_types.ts";

export type { Branch, Progress, Scale } from "./_types.ts";

/**
 * `out <- guided prediction`. Predictions are flat `[batch, ...]` tensors of equal length, of which
 * those named by `branches` are present; `out` may be one of them. Norms and standard deviations are
 * taken per sample of the batch.
 */
export type Combine = (
  out: Float32Array,
  predictions: Readonly<Partial<Record<Branch, Float32Array>>>,
  progress: Progress,
) => void;

/** The gradient of a classifier, which guidance may add to the network's prediction. */
export interface ClassifierGradient {
  /** Inverse temperature: the classifier counts as `p(y | x)^scale`. */
  readonly scale: Scale;
  /**
   * `"ddim"` shifts the predicted noise (Dhariwal & Nichol 2021, algorithm 2) and suits every solver;
   * `"ddpm"` shifts the mean of the next sample by the variance of the step's noise (algorithm 1) and
   * does nothing where a step adds no noise.
   */
  readonly form: "ddim" | "ddpm";
}

/**
 * How the predictions of a step become one. A plain object: methods that wrap another copy what they do
 * not change.
 */
export interface Guidance {
  /**
   * What `start()`'s function is given: the network's raw output, or the clean sample it implies.
   * Weights that sum to 1 give the same result on both; norms and standard deviations do not.
   */
  readonly on: "output" | "x0";
  /**
   * The branch from which the noise for the next sample is taken; without it, the combined
   * prediction's own. Only CFG++ sets it.
   */
  readonly renoise?: Branch | undefined;
  /** Asks the loop for the gradient of log p(y | x_t). */
  readonly gradient?: ClassifierGradient | undefined;
  /**
   * The evaluations needed at this step: only `positive` while switched off, none if the combination
   * does not depend on the network.
   */
  branches(progress: Progress): readonly Branch[];
  /** Begins a run over `batch` samples. */
  start(run: { readonly batch: number }): Combine;
}

/**
 * The value of a scale at a step.
 *
 * @param scale A constant or a function of progress.
 * @param progress Where the run stands.
 * @returns The constant, or the function's value there.
 *
 * @example Constant and varying
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scaleAt } from "@shum/guidance";
 *
 * const progress = { index: 1, total: 4, level: { t: 500, alpha: 0.6, sigma: 0.8 } };
 * assertEquals(scaleAt(7.5, progress), 7.5);
 * assertEquals(scaleAt(({ index }) => 2 * index, progress), 2);
 * ```
 */
export function scaleAt(scale: Scale, progress: Progress): number {
  return typeof scale === "number" ? scale : scale(progress);
}

/**
 * No guidance: the positive prediction as it is. For networks without a prompt, and for distilled ones
 * that were trained to be used so.
 *
 * @returns A guidance with one branch.
 *
 * @example One evaluation per step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { none } from "@shum/guidance";
 *
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * assertEquals(none().branches(progress), ["positive"]);
 * ```
 */
export function none(): Guidance {
  return {
    on: "output",
    branches: () => positiveOnly,
    start: () => (out, { positive }) => copy(out, positive!),
  };
}
