/**
 * What drives a run, from its first samples to its last.
 *
 * @module
 */
import type { Gaussian, NoiseLevel, Plan, SchedulerConfig } from "@shum/schedulers";
import type { PlanRun, TrajectoryRun } from "./denoise.ts";

/** What drives a run. */
export interface Sampler {
  /** The scheduler's configuration, under the sampler and options of the run. */
  readonly config: SchedulerConfig;
  /** What is computed; absent where the steps are found on the way. */
  readonly plan?: Plan;
  /** Where the run ends; absent as `plan` is. */
  readonly end?: NoiseLevel;
  /** The level of each call; only the first where the others are found on the way. */
  readonly levels: readonly [NoiseLevel, ...NoiseLevel[]];
  /** Calls of the network. */
  readonly calls: number;
  /** The deviation of the noise that a run starts from. */
  readonly initNoiseSigma: number;
  /** Whether images run one by one, because step sizes depend on norms over the batch. */
  readonly oneByOne: boolean;
  /** Begins a run at `x`, with a generator and a seed per image for the sampler's own noise. */
  start(
    x: Float32Array,
    generators: readonly Gaussian[],
    seeds: readonly number[],
  ): PlanRun | TrajectoryRun;
}
