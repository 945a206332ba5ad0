import type { NoiseLevel } from "./noise_level.ts";

/**
 * A sampling run in progress, as a pipeline drives it: read `x`, call the model, hand back its
 * output.
 */
export interface Trajectory {
  /** The level of `x`, where the next model call happens. */
  readonly level: NoiseLevel;
  /** Model calls done so far. */
  readonly index: number;
  /** Model calls of the whole run; an estimate where step sizes depend on data. */
  readonly total: number;
  /** Whether no model call is left, so that `x` is the result. */
  readonly done: boolean;
  /** The sample, live: what is written into it is what the next step reads. */
  readonly x: Float32Array;
  /** The clean sample that the last call predicted. */
  readonly x0: Float32Array;
  /** What `x` is multiplied by before the model sees it. */
  readonly cIn: number;
  /** What the model is told about the level. */
  readonly t: number;
  /** Takes the model's output at `x`, and its variance channels where the plan needs them. */
  step(output: Float32Array, variance?: Float32Array): void;
}
