/**
 * The types that every method of this package uses.
 *
 * @module
 */
import type { NoiseLevel } from "@shum/schedulers";

/**
 * One evaluation of a network at a step.
 *
 * - `positive`: conditioned on what is wanted; `positive[1]`, `positive[2]`... are further prompts.
 * - `negative`: unconditional, or conditioned on what is not wanted.
 * - `perturbed`: conditioned like `positive`, with part of the network's attention disturbed.
 * - `weak`: conditioned like `positive`, evaluated by a worse network.
 */
export type Branch = "positive" | `positive[${number}]` | "negative" | "perturbed" | "weak";

/** Where a run stands: model call `index` of `total`, at `level`. */
export interface Progress {
  /** Model calls made so far; solvers of two stages make two per step. */
  readonly index: number;
  /** Model calls of the whole run. */
  readonly total: number;
  /** Noise level at which the network is asked. */
  readonly level: NoiseLevel;
}

/** A guidance scale: constant, or a function of where the run stands. */
export type Scale = number | ((progress: Progress) => number);
