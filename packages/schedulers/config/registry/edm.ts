import type { Settings } from "../settings.ts";
import { consistency, edm, negativeEpsilon, type Prediction } from "../../plan/prediction.ts";
import { churned } from "../../solvers/churn.ts";
import { consistencySampling } from "../../solvers/consistency.ts";
import { euler } from "../../solvers/euler.ts";
import { heun } from "../../solvers/heun.ts";
import { consistencyDecoderTable } from "../../tables/cosine_table.ts";
import { consistencyTable, edmTable, karrasVeTable } from "../../tables/edm_table.ts";
import { dpmCheck, dpmRenames, multistep, multistepOrder } from "./dpm_solver.ts";
import { CHURN, churn, type RegistryEntry, THRESHOLD } from "./entry.ts";

const edmPrediction = (c: Settings): Prediction =>
  edm({ sigmaData: c.sigma_data, sign: c.prediction_type === "v_prediction" ? -1 : 1 });
const EDM: Partial<Settings> = {
  sigma_min: 0.002,
  sigma_max: 80,
  sigma_data: 0.5,
  sigma_schedule: "karras",
  num_train_timesteps: 1000,
  prediction_type: "epsilon",
  rho: 7,
  final_sigmas_type: "zero",
};

/** Karras et al.'s classes and consistency models, over continuous sigmas. */
export const EDM_FAMILY: Readonly<Record<string, RegistryEntry>> = {
  EDMEulerScheduler: {
    defaults: { ...EDM, ...CHURN },
    table: edmTable,
    accepts: ["sigmas"],
    solver: (c) => euler({ churn: churn(c) }),
    prediction: edmPrediction,
    convergence: (c) => c.s_churn === 0 ? 1 : undefined,
  },
  EDMDPMSolverMultistepScheduler: {
    defaults: {
      ...EDM,
      ...THRESHOLD,
      solver_order: 2,
      algorithm_type: "dpmsolver++",
      solver_type: "midpoint",
      lower_order_final: true,
      euler_at_final: false,
      eta: 1,
    },
    table: edmTable,
    accepts: ["sigmas"],
    solver: multistep,
    prediction: edmPrediction,
    renames: dpmRenames,
    check: dpmCheck,
    convergence: multistepOrder,
  },
  KarrasVeScheduler: {
    defaults: {
      sigma_min: 0.02,
      sigma_max: 100,
      s_noise: 1.007,
      s_churn: 80,
      s_min: 0.05,
      s_max: 50,
    },
    table: karrasVeTable,
    accepts: [],
    solver: (c) =>
      churned(heun(), { amount: c.s_churn, min: c.s_min, max: c.s_max, scale: c.s_noise }),
    prediction: () => negativeEpsilon,
  },
  CMStochasticIterativeScheduler: {
    defaults: {
      num_train_timesteps: 40,
      sigma_min: 0.002,
      sigma_max: 80,
      sigma_data: 0.5,
      s_noise: 1,
      rho: 7,
      clip_denoised: true,
    },
    table: consistencyTable,
    solver: (c) => consistencySampling({ floor: c.sigma_min ?? 0.002, noiseScale: c.s_noise }),
    prediction: (c) => consistency({ sigmaData: c.sigma_data, sigmaMin: c.sigma_min ?? 0.002 }),
  },
  ConsistencyDecoderScheduler: {
    defaults: { num_train_timesteps: 1024, sigma_data: 0.5 },
    table: consistencyDecoderTable,
    solver: () => consistencySampling(),
    prediction: (c) => edm({ sigmaData: c.sigma_data }),
  },
};
