import { nearest } from "./_nearest.ts";
import type { Clip } from "./clip.ts";
import { clipSample, dynamicThreshold } from "./clip.ts";
import { NEUTRAL, type SchedulerConfig, type Settings, settings } from "./config.ts";
import type { Solver } from "./plan.ts";
import {
  edm,
  epsilon,
  flowPrediction,
  type Prediction,
  sample,
  score,
  vPrediction,
} from "./prediction.ts";
import type { DpmAlgorithm, DpmSolverType } from "./solvers/_dpm_solver.ts";
import type { Churn } from "./solvers/churn.ts";
import { ddim } from "./solvers/ddim.ts";
import { ddpm, singleBeta, type VarianceType } from "./solvers/ddpm.ts";
import { dpmSolverMultistep } from "./solvers/dpm_solver_multistep.ts";
import { euler } from "./solvers/euler.ts";
import { eulerAncestral } from "./solvers/euler_ancestral.ts";
import { heun } from "./solvers/heun.ts";
import { edmTable } from "./tables/edm_table.ts";
import { flowTable } from "./tables/flow_table.ts";
import { dpmTable, veTable } from "./tables/sigma_table.ts";
import type { TableMaker } from "./tables/table.ts";
import { ddimInverseTable, ddimTable, ddpmTable } from "./tables/timestep_table.ts";

/** What a diffusers class is made of. */
export interface RegistryEntry {
  /** Its keys, with their defaults. A key that is not here is ignored. */
  readonly defaults: Partial<Settings>;
  /** The levels that a run visits. */
  readonly table: TableMaker;
  /** The algorithm. */
  readonly solver: (settings: Settings) => Solver;
  /** What the model predicts, if not what `prediction_type` says. */
  readonly prediction?: (settings: Settings) => Prediction;
  /** Whether eps ignores clipping; see `Plan.eps`. */
  readonly eps?: (settings: Settings) => "raw" | "clipped";
  /** Model calls per noise level, diffusers' `order`. */
  readonly calls?: 2;
  /** Values of other classes that mean something here. */
  readonly renames?: Partial<Record<keyof Settings, Readonly<Record<string, string>>>>;
  /** Values that make no sense together: throws an error that names a key. */
  readonly check?: (settings: Settings) => void;
}

const BETAS: Partial<Settings> = {
  num_train_timesteps: 1000,
  beta_start: 0.0001,
  beta_end: 0.02,
  beta_schedule: "linear",
  trained_betas: null,
  prediction_type: "epsilon",
};
const SPACED: Partial<Settings> = { timestep_spacing: "linspace", steps_offset: 0 };
const SD_BETAS: Partial<Settings> = { ...BETAS, beta_start: 0.00085, beta_end: 0.012 };
const THRESHOLD: Partial<Settings> = {
  thresholding: false,
  dynamic_thresholding_ratio: 0.995,
  sample_max_value: 1,
};
const CLIP: Partial<Settings> = { clip_sample: true, clip_sample_range: 1 };
const SIGMAS: Partial<Settings> = {
  use_karras_sigmas: false,
  use_exponential_sigmas: false,
  use_beta_sigmas: false,
};
const CHURN: Partial<Settings> = { s_churn: 0, s_tmin: 0, s_tmax: Infinity, s_noise: 1 };
const FLOW_SIGMAS: Partial<Settings> = {
  use_flow_sigmas: false,
  flow_shift: 1,
  use_dynamic_shifting: false,
  time_shift_type: "exponential",
};

const churn = (c: Settings): Churn | undefined =>
  c.s_churn === 0
    ? undefined
    : { amount: c.s_churn, min: c.s_tmin, max: c.s_tmax, scale: c.s_noise };

const DDIM: Partial<Settings> = {
  ...BETAS,
  ...SPACED,
  ...CLIP,
  ...THRESHOLD,
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
  eps: (c) => c.use_clipped_model_output ? "clipped" : "raw",
};
const ddpmEntry: RegistryEntry = {
  defaults: {
    ...BETAS,
    ...SPACED,
    ...CLIP,
    ...THRESHOLD,
    timestep_spacing: "leading",
    rescale_betas_zero_snr: false,
    variance_type: "fixed_small",
  },
  table: ddpmTable,
  solver: (c) => ddpm({ variance: c.variance_type as VarianceType, beta: singleBeta }),
};

const DPM: Partial<Settings> = {
  ...BETAS,
  ...THRESHOLD,
  ...SIGMAS,
  ...FLOW_SIGMAS,
  solver_order: 2,
  algorithm_type: "dpmsolver++",
  solver_type: "midpoint",
  lambda_min_clipped: -Infinity,
  lower_order_final: true,
  final_sigmas_type: "zero",
};
const dpmRenames: RegistryEntry["renames"] = {
  algorithm_type: {
    deis: "dpmsolver++",
    data_prediction: "dpmsolver++",
    noise_prediction: "dpmsolver++",
  },
  solver_type: { logrho: "midpoint", bh1: "midpoint", bh2: "midpoint" },
};
const multistep = (c: Settings): Solver =>
  dpmSolverMultistep({
    order: c.solver_order,
    algorithm: c.algorithm_type as DpmAlgorithm,
    solverType: c.solver_type as DpmSolverType,
    lowerOrderFinal: c.lower_order_final,
    eulerAtFinal: c.euler_at_final,
  });
function dpmCheck(c: Settings): void {
  if (!c.algorithm_type.endsWith("++") && c.final_sigmas_type === "zero") {
    throw contradiction(
      "final_sigmas_type",
      c.final_sigmas_type,
      "algorithm_type",
      c.algorithm_type,
    );
  }
}

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

/** Every class that {@linkcode SchedulerConfig} may name. */
export const REGISTRY: Readonly<Record<string, RegistryEntry>> = {
  DDPMScheduler: ddpmEntry,
  DDPMParallelScheduler: ddpmEntry,
  DDIMScheduler: ddimEntry,
  DDIMParallelScheduler: ddimEntry,
  DDIMInverseScheduler: { ...ddimEntry, table: ddimInverseTable, solver: () => ddim() },
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
    solver: (c) => euler({ churn: churn(c) }),
  },
  EulerAncestralDiscreteScheduler: {
    defaults: { ...BETAS, ...SPACED, ...SIGMAS, rescale_betas_zero_snr: false, eta: 1 },
    table: veTable(),
    solver: ({ eta }) => eulerAncestral({ eta }),
  },
  HeunDiscreteScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS, ...CLIP, clip_sample: false },
    table: veTable(),
    solver: () => heun(),
    calls: 2,
  },
  DPMSolverMultistepScheduler: {
    defaults: {
      ...DPM,
      ...SPACED,
      euler_at_final: false,
      use_lu_lambdas: false,
      rescale_betas_zero_snr: false,
      variance_type: null,
    },
    table: dpmTable({ cutCosine: true }),
    solver: multistep,
    renames: dpmRenames,
    check: dpmCheck,
  },
  EDMEulerScheduler: {
    defaults: { ...EDM, ...CHURN },
    table: edmTable,
    solver: (c) => euler({ churn: churn(c) }),
    prediction: edmPrediction,
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
    },
    table: edmTable,
    solver: multistep,
    prediction: edmPrediction,
    renames: dpmRenames,
    check: dpmCheck,
  },
  FlowMatchEulerDiscreteScheduler: {
    defaults: { ...FLOW, stochastic_sampling: false },
    table: flowTable,
    solver: () => euler(),
    prediction: () => flowPrediction,
  },
  FlowMatchHeunDiscreteScheduler: {
    defaults: { num_train_timesteps: 1000, shift: 1, ...CHURN },
    table: flowTable,
    solver: (c) => heun({ churn: churn(c) }),
    prediction: () => flowPrediction,
    calls: 2,
  },
};

/** A class, its settings and what follows from them. */
export interface Resolved {
  readonly entry: RegistryEntry;
  readonly settings: Settings;
  readonly prediction: Prediction;
}

/** Finds and checks the class that a config names. Throws as {@linkcode settings} does. */
export function resolve(config: SchedulerConfig): Resolved {
  const name = config._class_name;
  if (typeof name !== "string") {
    throw new TypeError(
      `Cannot read scheduler config: _class_name is ${
        JSON.stringify(name)
      }; expected the name of ` +
        `a scheduler class, for instance "EulerDiscreteScheduler"`,
    );
  }
  const entry = Object.hasOwn(REGISTRY, name) ? REGISTRY[name] : undefined;
  if (!entry) {
    throw new RangeError(
      `Cannot read scheduler config: _class_name is "${name}"; expected a class that samples ` +
        `images, for instance "${nearest(name, Object.keys(REGISTRY))}"`,
    );
  }
  const renamed: Record<string, unknown> = { ...config };
  if (config.predict_epsilon === false && config.prediction_type === undefined) {
    renamed.prediction_type = "sample"; // the key of old config files
  }
  for (const [key, names] of Object.entries(entry.renames ?? {})) {
    const value = renamed[key];
    if (typeof value === "string" && Object.hasOwn(names, value)) renamed[key] = names[value];
  }
  const checked = settings(renamed as SchedulerConfig, entry.defaults);
  contradictions(checked);
  entry.check?.(checked);
  return { entry, settings: checked, prediction: predictionOf(entry, checked) };
}

function predictionOf(entry: RegistryEntry, c: Settings): Prediction {
  if (entry.prediction) return entry.prediction(c);
  switch (c.prediction_type) {
    case "sample":
      return sample;
    case "v_prediction":
    case "trigflow":
      return vPrediction;
    case "flow_prediction":
      return flowPrediction;
    case "score":
      return score;
    default:
      return epsilon;
  }
}

/** The clip that the settings ask for; thresholding wins, as in diffusers. */
export function clipOf(c: Settings): Clip | undefined {
  if (c.thresholding) {
    return dynamicThreshold({ ratio: c.dynamic_thresholding_ratio, max: c.sample_max_value });
  }
  return c.clip_sample ? clipSample({ range: c.clip_sample_range }) : undefined;
}

function contradiction(a: keyof Settings, x: unknown, b: keyof Settings, y: unknown): RangeError {
  return new RangeError(
    `Cannot read scheduler config: ${a} is ${JSON.stringify(x)} while ${b} is ` +
      `${JSON.stringify(y)}; expected only one of these values`,
  );
}

function contradictions(c: Settings): void {
  const tables = [
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "use_lu_lambdas",
  ] as const;
  const [first, second] = tables.filter((key) => c[key]);
  if (first && second) throw contradiction(first, true, second, true);
  if (c.trained_betas && c.trained_betas.length !== c.num_train_timesteps) {
    const length = c.trained_betas.length;
    if (c.num_train_timesteps !== NEUTRAL.num_train_timesteps) {
      throw contradiction(
        "num_train_timesteps",
        c.num_train_timesteps,
        "trained_betas",
        `${length} betas`,
      );
    }
  }
  if (c.sigma_min !== null && c.sigma_max !== null && c.sigma_min >= c.sigma_max) {
    throw contradiction("sigma_min", c.sigma_min, "sigma_max", c.sigma_max);
  }
}
