import { contradiction, type Settings } from "./config.ts";
import type { Solver } from "./plan.ts";
import {
  consistency,
  edm,
  flowPrediction,
  negativeEpsilon,
  type Prediction,
  vPrediction,
} from "./prediction.ts";
import type { DpmAlgorithm, DpmSolverType } from "./solvers/_dpm_solver.ts";
import type { Churn } from "./solvers/churn.ts";
import { churned } from "./solvers/churn.ts";
import { consistencySampling } from "./solvers/consistency.ts";
import { ddim } from "./solvers/ddim.ts";
import { ddpm, singleBeta, type VarianceType } from "./solvers/ddpm.ts";
import { deis } from "./solvers/deis.ts";
import { dpm2 } from "./solvers/dpm2.ts";
import { dpm2Ancestral } from "./solvers/dpm2_ancestral.ts";
import { dpmSolverMultistep } from "./solvers/dpm_solver_multistep.ts";
import { dpmSolverSde } from "./solvers/dpm_solver_sde.ts";
import { dpmSolverSinglestep } from "./solvers/dpm_solver_singlestep.ts";
import { dpmpp2sAncestral } from "./solvers/dpmpp_2s_ancestral.ts";
import { euler } from "./solvers/euler.ts";
import { eulerAncestral } from "./solvers/euler_ancestral.ts";
import { heun } from "./solvers/heun.ts";
import { ipndm } from "./solvers/ipndm.ts";
import { lcm } from "./solvers/lcm.ts";
import { lms } from "./solvers/lms.ts";
import { pndm } from "./solvers/pndm.ts";
import { saSolver } from "./solvers/sa_solver.ts";
import { tcd } from "./solvers/tcd.ts";
import { unclip } from "./solvers/unclip.ts";
import { unipc } from "./solvers/unipc.ts";
import { angleTable } from "./tables/angle_table.ts";
import { consistencyDecoderTable, wuerstchenTable } from "./tables/cosine_table.ts";
import { consistencyTable, edmTable, karrasVeTable } from "./tables/edm_table.ts";
import { flowTable } from "./tables/flow_table.ts";
import { dpmTable, veTable } from "./tables/sigma_table.ts";
import { sineTable } from "./tables/sine_table.ts";
import type { TableMaker } from "./tables/table.ts";
import {
  ddimInverseTable,
  ddimTable,
  ddpmTable,
  lcmTable,
  tcdTable,
  unclipTable,
} from "./tables/timestep_table.ts";

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
  sigma_spacing: null,
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

const LCM: Partial<Settings> = {
  ...SD_BETAS,
  ...CLIP,
  ...THRESHOLD,
  beta_schedule: "scaled_linear",
  clip_sample: false,
  original_inference_steps: 50,
  set_alpha_to_one: true,
  timestep_scaling: 10,
  rescale_betas_zero_snr: false,
};

/** Every class that a `SchedulerConfig` may name. */
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
    solver: (c) => c.stochastic_sampling ? consistencySampling() : euler(),
    prediction: () => flowPrediction,
  },
  FlowMatchHeunDiscreteScheduler: {
    defaults: { num_train_timesteps: 1000, shift: 1 },
    table: flowTable,
    solver: () => heun(),
    prediction: () => flowPrediction,
    calls: 2,
  },
  PNDMScheduler: {
    defaults: {
      ...BETAS,
      ...SPACED,
      timestep_spacing: "leading",
      skip_prk_steps: false,
      set_alpha_to_one: false,
    },
    table: ddimTable,
    solver: (c) => pndm({ rungeKutta: !c.skip_prk_steps }),
  },
  IPNDMScheduler: {
    defaults: { num_train_timesteps: 1000, trained_betas: null },
    table: sineTable,
    solver: () => ipndm(),
    prediction: () => vPrediction,
  },
  LMSDiscreteScheduler: {
    defaults: { ...BETAS, ...SPACED, ...SIGMAS, order: 4 },
    table: veTable(),
    solver: ({ order }) => lms({ order }),
  },
  KDPM2DiscreteScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS },
    table: veTable({ whole: true }),
    solver: () => dpm2(),
    calls: 2,
  },
  KDPM2AncestralDiscreteScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS, eta: 1 },
    table: veTable({ whole: true }),
    solver: ({ eta }) => dpm2Ancestral({ eta }),
    calls: 2,
  },
  DPMSolverSDEScheduler: {
    defaults: { ...SD_BETAS, ...SPACED, ...SIGMAS, eta: 1, s_noise: 1 },
    table: veTable(),
    solver: (c) => dpmSolverSde({ eta: c.eta, noiseScale: c.s_noise }),
    calls: 2,
  },
  DPMSolverMultistepInverseScheduler: {
    defaults: { ...DPM, ...SPACED, euler_at_final: false, variance_type: null },
    table: dpmTable({ cutCosine: true, repeatLast: "always", inverse: true }),
    solver: multistep,
    renames: dpmRenames,
  },
  DPMSolverSinglestepScheduler: {
    defaults: { ...DPM, lower_order_final: false, variance_type: null },
    table: dpmTable(),
    solver: (c) =>
      dpmSolverSinglestep({
        order: c.solver_order,
        algorithm: c.algorithm_type as DpmAlgorithm,
        solverType: c.solver_type as DpmSolverType,
        lowerOrderFinal: c.lower_order_final,
      }),
    renames: dpmRenames,
    check: dpmCheck,
  },
  DEISMultistepScheduler: {
    defaults: { ...DPM, ...SPACED, algorithm_type: "deis", solver_type: "logrho" },
    table: dpmTable({ repeatLast: "always" }),
    solver: (c) => deis({ order: c.solver_order, lowerOrderFinal: c.lower_order_final }),
    renames: {
      algorithm_type: { dpmsolver: "deis", "dpmsolver++": "deis" },
      solver_type: { midpoint: "logrho", heun: "logrho", bh1: "logrho", bh2: "logrho" },
    },
    check: (c) => {
      expect("algorithm_type", c.algorithm_type, ["deis"]);
      expect("solver_type", c.solver_type, ["logrho"]);
    },
  },
  UniPCMultistepScheduler: {
    defaults: {
      ...DPM,
      ...SPACED,
      solver_type: "bh2",
      predict_x0: true,
      disable_corrector: [],
      rescale_betas_zero_snr: false,
      sigma_min: null,
      sigma_max: null,
      shift_terminal: null,
    },
    table: dpmTable({ flow: "unipc", repeatLast: "sigma_min" }),
    solver: (c) =>
      unipc({
        order: c.solver_order,
        solverType: c.solver_type as "bh1" | "bh2",
        predictX0: c.predict_x0,
        lowerOrderFinal: c.lower_order_final,
        disableCorrector: c.disable_corrector,
      }),
    renames: { solver_type: { midpoint: "bh2", heun: "bh2", logrho: "bh2" } },
    check: (c) => expect("solver_type", c.solver_type, ["bh1", "bh2"]),
  },
  SASolverScheduler: {
    defaults: {
      ...DPM,
      ...SPACED,
      predictor_order: 2,
      corrector_order: 2,
      tau_func: null,
      algorithm_type: "data_prediction",
      variance_type: null,
    },
    table: dpmTable({ repeatLast: "always" }),
    solver: (c) =>
      saSolver({
        predictorOrder: c.predictor_order,
        correctorOrder: c.corrector_order,
        ...(c.tau_func && { tau: c.tau_func }),
        predictX0: c.algorithm_type === "data_prediction",
        lowerOrderFinal: c.lower_order_final,
      }),
    renames: {
      algorithm_type: {
        "dpmsolver++": "data_prediction",
        "sde-dpmsolver++": "data_prediction",
        dpmsolver: "noise_prediction",
        "sde-dpmsolver": "noise_prediction",
      },
    },
    check: (c) =>
      expect("algorithm_type", c.algorithm_type, ["data_prediction", "noise_prediction"]),
  },
  LCMScheduler: {
    defaults: LCM,
    table: lcmTable,
    solver: (c) => lcm({ timestepScaling: c.timestep_scaling }),
  },
  TCDScheduler: {
    defaults: { ...LCM, eta: 0.3 },
    table: tcdTable,
    solver: ({ eta }) => tcd({ eta }),
    eps: () => "raw",
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
  FlowMatchLCMScheduler: {
    defaults: FLOW,
    table: flowTable,
    solver: () => consistencySampling(),
    prediction: () => flowPrediction,
  },
  SCMScheduler: {
    defaults: { num_train_timesteps: 1000, prediction_type: "trigflow", sigma_data: 0.5 },
    table: angleTable,
    solver: (c) => consistencySampling({ noiseScale: c.sigma_data }),
  },
  DDPMWuerstchenScheduler: {
    defaults: { scaler: 1, s: 0.008 },
    table: wuerstchenTable,
    solver: () => ddpm({ beta: singleBeta, finalNoise: false }),
  },
  ConsistencyDecoderScheduler: {
    defaults: { num_train_timesteps: 1024, sigma_data: 0.5 },
    table: consistencyDecoderTable,
    solver: () => consistencySampling(),
    prediction: (c) => edm({ sigmaData: c.sigma_data }),
  },
  DPMPP2SAncestralScheduler: { // k-diffusion's; diffusers has none
    defaults: { ...BETAS, ...SPACED, ...SIGMAS, eta: 1 },
    table: veTable(),
    solver: ({ eta }) => dpmpp2sAncestral({ eta }),
    calls: 2,
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
    solver: (c) =>
      churned(heun(), { amount: c.s_churn, min: c.s_min, max: c.s_max, scale: c.s_noise }),
    prediction: () => negativeEpsilon,
  },
};

/** A value of another class, that means nothing here. */
function expect(key: keyof Settings, value: string, names: readonly string[]): void {
  if (names.includes(value)) return;
  throw new RangeError(
    `Cannot read scheduler config: ${key} is "${value}"; expected ${names.join(" or ")}`,
  );
}
