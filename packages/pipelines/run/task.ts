/**
 * What a pipeline makes of its input: the parts of a run that differ between tasks.
 *
 * @module
 */
import type { Branch, Guidance, Progress } from "@shum/guidance";
import type { Condition, Tensor } from "@shum/models";
import type { Gaussian, NoiseLevel, Plan } from "@shum/schedulers";
import type { Image, Size } from "../pictures/image.ts";
import type { RunPlan } from "./run_plan.ts";
import type { Sampler } from "./sampler.ts";

/** Where a run begins, if not at the first level. */
export type Begin =
  /** With a share of the noise: of N steps, the last `strength N` are run. */
  | { readonly strength: number; readonly inSchedule?: boolean | undefined }
  /** At the last level that is at least as noisy as this sigma / alpha; at the first if none is. */
  | { readonly near: number };

/** What each branch tells the network, for some images of a run. */
export interface ConditionGroup {
  /** Which images, in rising order; absent for all of them. */
  readonly images?: readonly number[];
  /** One row per image of the group, or one for all. `weak` and `perturbed` may take `positive`'s. */
  readonly conditions: Readonly<Partial<Record<Branch, Condition>>>;
}

/** Images that share their calls, planned and not begun. */
export interface Batch {
  /** Which of the run, from 0. */
  readonly index: number;
  /** `[images, channels, height, width]` of the samples. */
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
  /** One generator per image, at the start of its stream. */
  readonly generators: readonly Gaussian[];
  /** The level where the sampler begins. */
  readonly level: NoiseLevel;
  /** The deviation of the noise that the sampler starts from. */
  readonly initNoiseSigma: number;
  /** Draws the initial noise, N(0, I): the options' own, or the next of each generator. */
  noise(): Float32Array;
}

/** How a batch starts. */
export interface Start {
  /** The samples at the level where the sampler begins. */
  readonly x: Float32Array;
  /** The run's plan where the input decides on it: with as many steps as the one that was told. */
  readonly plan?: Plan | undefined;
  /** Changes the predicted clean samples in place before a step of a plan; see `denoise`. */
  readonly correct?:
    | ((x0: Float32Array, progress: Progress) => void | Promise<void>)
    | undefined;
  /** Changes the samples in place after every step; they are at `level` now. */
  readonly constrain?: ((x: Float32Array, level: NoiseLevel) => void) | undefined;
  /** Appended to the channels that the network reads. */
  readonly concat?: Tensor | undefined;
  /** What every branch tells the network besides. */
  readonly inputs?: Readonly<Record<string, Tensor>> | undefined;
  /** What each branch tells the network, instead of what the task encoded. */
  readonly groups?: readonly ConditionGroup[] | undefined;
}

/** What a pipeline makes of an input. Whatever is absent, the model and the options decide. */
export interface Task {
  /** How many images there are, unless the options say it. Default 1. */
  readonly images?: number | undefined;
  /** The seed of each image. */
  readonly seeds?: readonly number[] | undefined;
  /** Width and height, unless the options say them. */
  readonly size?: Size | undefined;
  /** How predictions are combined. */
  readonly guidance?: Guidance | undefined;
  /** The branches that it can tell the network about. Default: `positive`. */
  readonly branches?: readonly Branch[] | undefined;
  /** What drives the run, instead of the model's scheduler. */
  readonly sampler?: Sampler | undefined;
  /** Where to begin. Default: at the first level. */
  readonly begin?: Begin | undefined;
  /** Whether its images are made one by one. */
  readonly oneByOne?: boolean | undefined;
  /** What each branch tells the network. Default: nothing. */
  readonly encode?: ((plan: RunPlan) => Promise<readonly ConditionGroup[]>) | undefined;
  /** The first samples. Default: noise. */
  readonly start?: ((batch: Batch) => Start | Promise<Start>) | undefined;
  /** Changes the images at the end. */
  readonly finish?: ((images: readonly Image[]) => readonly Image[]) | undefined;
}
