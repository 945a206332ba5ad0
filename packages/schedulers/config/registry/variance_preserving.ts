import type { Settings } from "../settings.ts";
import { vPrediction } from "../../plan/prediction.ts";
import { ddim } from "../../solvers/ddim.ts";
import { ddpm, singleBeta, type VarianceType } from "../../solvers/ddpm.ts";
import { ipndm } from "../../solvers/ipndm.ts";
import { lcm } from "../../solvers/lcm.ts";
import { pndm } from "../../solvers/pndm.ts";
import { tcd } from "../../solvers/tcd.ts";
import { unclip } from "../../solvers/unclip.ts";
import { wuerstchenTable } from "../../tables/cosine_table.ts";
import { sineTable } from "../../tables/sine_table.ts";
import {
  ddimInverseTable,
  ddimTable,
  ddpmTable,
  lcmTable,
  tcdTable,
  unclipTable,
} from "../../tables/timestep_table.ts";
import { BETAS, CLIP, type RegistryEntry, SD_BETAS, SPACED, THRESHOLD } from "./entry.ts";

const DDIM: Partial<Settings> = {
  ...BETAS,
  ...SPACED,
  ...CLIP,
  ...THRESHOLD,
  sigma_spacing: null,
  timestep_spacing: "leading",
  set_alpha_to_one: true,
  rescale_betas_zero_snr: false,
  eta: 0,
  use_clipped_model_output: false,
};
const ddimEntry: RegistryEntry = {
  defaults: DDIM,
  table: ddimTable,
  solver: ({ eta }) => ddim({ eta }),
  convergence: ({ eta }) => eta === 0 ? 1 : undefined,
  eps: (c) => c.use_clipped_model_output ? "clipped" : "raw",
};
const ddpmEntry: RegistryEntry = {
  defaults: {
    ...BETAS,
    ...SPACED,
    ...CLIP,
    ...THRESHOLD,
    sigma_spacing: null,
    timestep_spacing: "leading",
    rescale_betas_zero_snr: false,
    variance_type: "fixed_small",
  },
  table: ddpmTable,
  solver: (c) => ddpm({ variance: c.variance_type as VarianceType, beta: singleBeta }),
};
/** TCD; diffusers' class has keys for clipping, and ignores them. */
const DISTILLED: Partial<Settings> = {
  ...SD_BETAS,
  beta_schedule: "scaled_linear",
  original_inference_steps: 50,
  set_alpha_to_one: true,
  rescale_betas_zero_snr: false,
};
const LCM: Partial<Settings> = {
  ...DISTILLED,
  ...CLIP,
  ...THRESHOLD,
  clip_sample: false,
  timestep_scaling: 10,
};

/** Classes whose samples are in variance-preserving scaling, `alpha² + sigma² = 1`. */
export const VARIANCE_PRESERVING: Readonly<Record<string, RegistryEntry>> = {
  DDPMScheduler: ddpmEntry,
  DDPMParallelScheduler: ddpmEntry,
  DDIMScheduler: ddimEntry,
  DDIMParallelScheduler: ddimEntry,
  DDIMInverseScheduler: {
    ...ddimEntry,
    table: ddimInverseTable,
    accepts: [],
    solver: () => ddim(),
    convergence: () => 1,
  },
  PNDMScheduler: {
    defaults: {
      ...BETAS,
      ...SPACED,
      sigma_spacing: null,
      timestep_spacing: "leading",
      skip_prk_steps: false,
      set_alpha_to_one: false,
    },
    table: ddimTable,
    solver: (c) => pndm({ rungeKutta: !c.skip_prk_steps }),
    convergence: () => 2,
  },
  IPNDMDiscreteScheduler: { // iPNDM over a model's own timesteps; diffusers has none
    defaults: {
      ...BETAS,
      ...SPACED,
      sigma_spacing: null,
      timestep_spacing: "leading",
      set_alpha_to_one: true,
    },
    table: ddimTable,
    solver: () => ipndm(),
    convergence: () => 2,
  },
  IPNDMScheduler: {
    defaults: { num_train_timesteps: 1000, trained_betas: null },
    table: sineTable,
    accepts: [],
    solver: () => ipndm(),
    prediction: () => vPrediction,
    convergence: () => 2,
  },
  LCMScheduler: {
    defaults: LCM,
    table: lcmTable,
    accepts: ["timesteps", "strength", "originalInferenceSteps"],
    solver: (c) => lcm({ timestepScaling: c.timestep_scaling }),
  },
  TCDScheduler: {
    defaults: { ...DISTILLED, eta: 0.3 },
    table: tcdTable,
    accepts: ["timesteps", "strength", "originalInferenceSteps"],
    solver: ({ eta }) => tcd({ eta }),
    eps: () => "raw",
    convergence: ({ eta }) => eta === 0 ? 1 : undefined,
  },
  UnCLIPScheduler: {
    defaults: {
      num_train_timesteps: 1000,
      variance_type: "fixed_small_log",
      clip_sample: true,
      clip_sample_range: 1,
      prediction_type: "epsilon",
      beta_schedule: "squaredcos_cap_v2",
    },
    table: unclipTable,
    solver: (c) => unclip({ variance: c.variance_type as VarianceType }),
  },
  DDPMWuerstchenScheduler: {
    defaults: { scaler: 1, s: 0.008 },
    table: wuerstchenTable,
    solver: () => ddpm({ beta: singleBeta, finalNoise: false }),
  },
};
