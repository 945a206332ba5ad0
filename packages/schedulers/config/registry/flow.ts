import type { Settings } from "../settings.ts";
import { flowPrediction } from "../../plan/prediction.ts";
import { consistencySampling } from "../../solvers/consistency.ts";
import { euler } from "../../solvers/euler.ts";
import { heun } from "../../solvers/heun.ts";
import { angleTable } from "../../tables/angle_table.ts";
import { flowMapTable, flowTable } from "../../tables/flow_table.ts";
import { type RegistryEntry, SIGMAS } from "./entry.ts";

const FLOW: Partial<Settings> = {
  ...SIGMAS,
  num_train_timesteps: 1000,
  shift: 1,
  use_dynamic_shifting: false,
  time_shift_type: "exponential",
  base_shift: 0.5,
  max_shift: 1.15,
  base_image_seq_len: 256,
  max_image_seq_len: 4096,
  shift_terminal: null,
  invert_sigmas: false,
};

/** Flow matching and TrigFlow. */
export const FLOW_FAMILY: Readonly<Record<string, RegistryEntry>> = {
  FlowMatchEulerDiscreteScheduler: {
    defaults: { ...FLOW, stochastic_sampling: false },
    table: flowTable,
    accepts: ["timesteps", "sigmas", "mu"],
    solver: (c) => c.stochastic_sampling ? consistencySampling() : euler(),
    prediction: () => flowPrediction,
    convergence: (c) => c.stochastic_sampling ? undefined : 1,
  },
  FlowMatchHeunDiscreteScheduler: {
    defaults: { num_train_timesteps: 1000, shift: 1 },
    table: flowTable,
    accepts: ["timesteps", "sigmas", "mu"],
    solver: () => heun(),
    prediction: () => flowPrediction,
    calls: 2,
    convergence: () => 2,
  },
  FlowMapEulerDiscreteScheduler: {
    defaults: { num_train_timesteps: 1000, shift: 1 },
    table: flowMapTable,
    accepts: ["timesteps", "sigmas"],
    solver: () => euler(),
    prediction: () => flowPrediction,
    convergence: () => 1,
  },
  FlowMatchLCMScheduler: {
    defaults: FLOW,
    table: flowTable,
    accepts: ["timesteps", "sigmas", "mu"],
    solver: () => consistencySampling(),
    prediction: () => flowPrediction,
  },
  SCMScheduler: {
    defaults: { num_train_timesteps: 1000, prediction_type: "trigflow", sigma_data: 0.5 },
    table: angleTable,
    solver: (c) => consistencySampling({ noiseScale: c.sigma_data }),
  },
};
