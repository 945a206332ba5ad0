import { dpm2 } from "../../solvers/dpm2.ts";
import { dpm2Ancestral } from "../../solvers/dpm2_ancestral.ts";
import { dpmFast } from "../../solvers/dpm_fast.ts";
import { dpmSolverSde } from "../../solvers/dpm_solver_sde.ts";
import { dpmpp2sAncestral } from "../../solvers/dpmpp_2s_ancestral.ts";
import { euler } from "../../solvers/euler.ts";
import { eulerAncestral } from "../../solvers/euler_ancestral.ts";
import { heun } from "../../solvers/heun.ts";
import { lms } from "../../solvers/lms.ts";
import { veTable } from "../../tables/ve_table.ts";
import {
  BETAS,
  CHURN,
  churn,
  CLIP,
  type RegistryEntry,
  SD_BETAS,
  SIGMAS,
  SPACED,
} from "./entry.ts";

/** k-diffusion's classes, whose samples are in variance-exploding scaling, `alpha = 1`. */
export const VARIANCE_EXPLODING: Readonly<Record<string, RegistryEntry>> = {
  EulerDiscreteScheduler: {
    defaults: {
      ...BETAS,
      ...SPACED,
      ...SIGMAS,
      ...CHURN,
      interpolation_type: "linear",
      sigma_min: null,
      sigma_max: null,
      timestep_type: "discrete",
      rescale_betas_zero_snr: false,
      final_sigmas_type: "zero",
    },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: (c) => euler({ churn: churn(c) }),
    convergence: (c) => c.s_churn === 0 ? 1 : undefined,
  },
  EulerAncestralDiscreteScheduler: {
    defaults: { ...BETAS, ...SPACED, ...SIGMAS, rescale_betas_zero_snr: false, eta: 1 },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: ({ eta }) => eulerAncestral({ eta }),
  },
  HeunDiscreteScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS, ...CLIP, clip_sample: false },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: () => heun(),
    calls: 2,
    convergence: () => 2,
  },
  KDPM2DiscreteScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS },
    table: veTable({ whole: true }),
    accepts: ["timesteps", "sigmas"],
    solver: () => dpm2(),
    calls: 2,
    convergence: () => 2,
  },
  KDPM2AncestralDiscreteScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS, eta: 1 },
    table: veTable({ whole: true }),
    accepts: ["timesteps", "sigmas"],
    solver: ({ eta }) => dpm2Ancestral({ eta }),
    calls: 2,
  },
  LMSDiscreteScheduler: {
    defaults: { ...BETAS, ...SPACED, ...SIGMAS, order: 4 },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: ({ order }) => lms({ order }),
    convergence: ({ order }) => Math.min(order, 4),
  },
  DPMSolverSDEScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS, eta: 1, s_noise: 1 },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: (c) => dpmSolverSde({ eta: c.eta, noiseScale: c.s_noise }),
    calls: 2,
  },
  DPMFastScheduler: { // k-diffusion's, too
    defaults: { ...BETAS, ...SPACED, ...SIGMAS },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: () => dpmFast(),
    convergence: () => 2,
  },
  DPMPP2SAncestralScheduler: { // k-diffusion's; diffusers has none
    defaults: { ...BETAS, ...SPACED, ...SIGMAS, eta: 1 },
    table: veTable(),
    accepts: ["timesteps", "sigmas"],
    solver: ({ eta }) => dpmpp2sAncestral({ eta }),
    calls: 2,
  },
};
