/**
 * What a run will do, said before it begins.
 *
 * @module
 */
import type { Branch } from "@shum/guidance";
import type { NoiseLevel, Plan, SchedulerConfig } from "@shum/schedulers";

/** What a run will do: plain data, fit for JSON. Nothing was opened to find it out. */
export interface RunPlan {
  /** The scheduler's configuration, under the sampler and options of the run. */
  readonly scheduler: SchedulerConfig;
  /** What the sampler computes; absent where it finds its steps as it goes, as for score models. */
  readonly plan?: Plan | undefined;
  /** The level that the plan ends at; absent as `plan` is. */
  readonly end?: NoiseLevel | undefined;
  /** What the network is told at each call; absent as `plan` is. */
  readonly timesteps?: readonly number[] | undefined;
  /** Calls of the denoiser for one image, or for as many as share them. */
  readonly calls: number;
  /** The deviation of the noise that a run starts from. */
  readonly initNoiseSigma: number;
  /** What a call asks the network, over the whole run: branches of guidance, each once. */
  readonly branches: readonly Branch[];
  /** The seed of each image; drawn now where the options have none. */
  readonly seeds: readonly number[];
  /** How many images are made. */
  readonly images: number;
  /** How many of them share a call; the others wait their turn. */
  readonly batch: number;
  /** Pixels per row of what the model makes. */
  readonly width: number;
  /** Rows of it. */
  readonly height: number;
  /** The enlargements that follow, of one image each, in the order of a cascade. */
  readonly stages?: readonly RunPlan[] | undefined;
}
