import type { Settings } from "../settings.ts";
import type { Solver } from "../../plan/plan.ts";
import type { Prediction } from "../../plan/prediction.ts";
import type { Churn } from "../../solvers/churn.ts";
import type { TableMaker, TableRequest } from "../../tables/table.ts";

/** What a diffusers class is made of. */
export interface RegistryEntry {
  /** Its keys, with their defaults. A key that is not here is ignored. */
  readonly defaults: Partial<Settings>;
  /** The levels that a run visits. */
  readonly table: TableMaker;
  /**
   * What {@linkcode TableRequest} may hold beside the number of steps; custom timesteps by default.
   */
  readonly accepts?: readonly Exclude<keyof TableRequest, "steps">[];
  /** The algorithm. */
  readonly solver: (settings: Settings) => Solver;
  /** What the model predicts, if not what `prediction_type` says. */
  readonly prediction?: (settings: Settings) => Prediction;
  /** Whether eps ignores clipping; see `Plan.eps`. */
  readonly eps?: (settings: Settings) => "raw" | "clipped";
  /** Model calls per noise level, diffusers' `order`. */
  readonly calls?: 2;
  /** The order of convergence on the probability-flow ODE, once there is history; none where noise is drawn. */
  readonly convergence?: (settings: Settings) => number | undefined;
  /** Values of other classes that mean something here. */
  readonly renames?: Partial<Record<keyof Settings, Readonly<Record<string, string>>>>;
  /** Refuses values that contradict each other: throws an error that names a key. */
  readonly check?: (settings: Settings) => void;
}

/** How the model was trained. */
export const BETAS: Partial<Settings> = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: "linear",
  trained_betas: null,
  prediction_type: "epsilon",
  pure_noise_sigma: Infinity,
};
/** Which timesteps are visited. */
export const SPACED: Partial<Settings> = { timestep_spacing: "linspace", steps_offset: 0 };
/** As Stable Diffusion, but for its schedule. */
export const SD_BETAS: Partial<Settings> = { ...BETAS, beta_start: 0.00085, beta_end: 0.012 };
/** Dynamic thresholding. */
export const THRESHOLD: Partial<Settings> = {
  thresholding: false,
  dynamic_thresholding_ratio: 0.995,
  sample_max_value: 1,
};
/** Clipping. */
export const CLIP: Partial<Settings> = { clip_sample: true, clip_sample_range: 1 };
/** Sigma tables in place of those of the timesteps. */
export const SIGMAS: Partial<Settings> = {
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
  sigma_spacing: null,
};
/** Arguments of diffusers' `step`. */
export const CHURN: Partial<Settings> = { s_churn: 0, s_tmin: 0, s_tmax: Infinity, s_noise: 1 };
/** The churn that the settings ask for. */
export const churn = (c: Settings): Churn | undefined =>
  c.s_churn === 0
    ? undefined
    : { amount: c.s_churn, min: c.s_tmin, max: c.s_tmax, scale: c.s_noise };
