import { contradiction } from "../config.ts";
import type { Settings } from "../settings.ts";
import type { Solver } from "../../plan/plan.ts";
import type { DpmAlgorithm, DpmSolverType } from "../../solvers/_dpm_solver.ts";
import { deis } from "../../solvers/deis.ts";
import { dpmSolverMultistep } from "../../solvers/dpm_solver_multistep.ts";
import { dpmSolverSinglestep } from "../../solvers/dpm_solver_singlestep.ts";
import { saSolver } from "../../solvers/sa_solver.ts";
import { unipc } from "../../solvers/unipc.ts";
import { dpmTable } from "../../tables/dpm_table.ts";
import { BETAS, type RegistryEntry, SIGMAS, SPACED, THRESHOLD } from "./entry.ts";

const FLOW_SIGMAS: Partial<Settings> = {
  use_flow_sigmas: false,
  flow_shift: 1,
  use_dynamic_shifting: false,
  time_shift_type: "exponential",
};
/** Cosine schedules are cut short by this; DEIS and UniPC have no such key. */
const CLIPPED: Partial<Settings> = { lambda_min_clipped: -Infinity };
const DPM: Partial<Settings> = {
  ...BETAS,
  ...THRESHOLD,
  ...SIGMAS,
  ...FLOW_SIGMAS,
  solver_order: 2,
  algorithm_type: "dpmsolver++",
  solver_type: "midpoint",
  lower_order_final: true,
  final_sigmas_type: "zero",
};
/** Values of the sibling classes. */
export const dpmRenames: NonNullable<RegistryEntry["renames"]> = {
  algorithm_type: {
    deis: "dpmsolver++",
    data_prediction: "dpmsolver++",
    noise_prediction: "dpmsolver++",
  },
  solver_type: { logrho: "midpoint", bh1: "midpoint", bh2: "midpoint" },
};
/** The multistep solver that the settings ask for. */
export const multistep = (c: Settings): Solver =>
  dpmSolverMultistep({
    order: c.solver_order,
    algorithm: c.algorithm_type as DpmAlgorithm,
    solverType: c.solver_type as DpmSolverType,
    lowerOrderFinal: c.lower_order_final,
    eulerAtFinal: c.euler_at_final,
    eta: c.eta,
  });
/** Whether the algorithm draws noise. */
export const isSde = (c: Settings): boolean => c.algorithm_type.startsWith("sde");
/** Order 3 converges with order 2: its D2 has half the coefficient that a second difference needs. */
export const multistepOrder = (c: Settings): number | undefined =>
  isSde(c) ? undefined : Math.min(c.solver_order, 2);
/** Refuses values that the algorithms do not have, or that contradict each other. */
export function dpmCheck(c: Settings): void {
  const algorithms = ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"];
  expect("algorithm_type", c.algorithm_type, algorithms);
  expect("solver_type", c.solver_type, ["midpoint", "heun"]);
  const { algorithm_type, final_sigmas_type } = c;
  if (!algorithm_type.endsWith("++") && final_sigmas_type === "zero") {
    throw contradiction("final_sigmas_type", "zero", "algorithm_type", algorithm_type);
  }
  flowCheck(c);
}

/** Flow prediction needs flow sigmas. */
function flowCheck(c: Settings): void {
  if (c.prediction_type === "flow_prediction" && !c.use_flow_sigmas) {
    throw contradiction("prediction_type", "flow_prediction", "use_flow_sigmas", false);
  }
}

/** A value of another class, that means nothing here. */
function expect(key: keyof Settings, value: string, names: readonly string[]): void {
  if (names.includes(value)) return;
  throw new RangeError(
    `Cannot read scheduler config: ${key} is "${value}"; expected ${names.join(" or ")}`,
  );
}

/** The DPM-Solver family, in variance-preserving or flow scaling. */
export const DPM_SOLVER: Readonly<Record<string, RegistryEntry>> = {
  DPMSolverMultistepScheduler: {
    defaults: {
      ...DPM,
      ...CLIPPED,
      ...SPACED,
      euler_at_final: false,
      eta: 1,
      use_lu_lambdas: false,
      rescale_betas_zero_snr: false,
      variance_type: null,
    },
    table: dpmTable({ cutCosine: true }),
    accepts: ["timesteps", "sigmas", "mu"],
    solver: multistep,
    renames: dpmRenames,
    check: dpmCheck,
    convergence: multistepOrder,
  },
  DPMSolverMultistepInverseScheduler: {
    defaults: { ...DPM, ...CLIPPED, ...SPACED, euler_at_final: false, eta: 1, variance_type: null },
    table: dpmTable({ cutCosine: true, repeatLast: "always", inverse: true }),
    accepts: [],
    solver: multistep,
    renames: dpmRenames,
    convergence: multistepOrder,
    check: (c) => dpmCheck({ ...c, final_sigmas_type: "sigma_min" }),
  },
  DPMSolverSinglestepScheduler: {
    defaults: { ...DPM, ...CLIPPED, lower_order_final: false, variance_type: null },
    table: dpmTable(),
    accepts: ["timesteps", "sigmas", "mu"],
    solver: (c) =>
      dpmSolverSinglestep({
        order: c.solver_order,
        algorithm: c.algorithm_type as DpmAlgorithm,
        solverType: c.solver_type as DpmSolverType,
        lowerOrderFinal: c.lower_order_final,
      }),
    renames: dpmRenames,
    check: dpmCheck,
    convergence: (c) => isSde(c) ? undefined : c.solver_order,
  },
  DEISMultistepScheduler: {
    defaults: { ...DPM, ...SPACED, algorithm_type: "deis", solver_type: "logrho" },
    table: dpmTable({ repeatLast: "always" }),
    accepts: ["timesteps", "sigmas", "mu"],
    solver: (c) => deis({ order: c.solver_order, lowerOrderFinal: c.lower_order_final }),
    renames: {
      algorithm_type: { dpmsolver: "deis", "dpmsolver++": "deis" },
      solver_type: { midpoint: "logrho", heun: "logrho", bh1: "logrho", bh2: "logrho" },
    },
    check: (c) => {
      expect("algorithm_type", c.algorithm_type, ["deis"]);
      expect("solver_type", c.solver_type, ["logrho"]);
      flowCheck(c);
    },
    convergence: (c) => c.solver_order,
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
    accepts: ["timesteps", "sigmas", "mu"],
    solver: (c) =>
      unipc({
        order: c.solver_order,
        solverType: c.solver_type as "bh1" | "bh2",
        predictX0: c.predict_x0,
        lowerOrderFinal: c.lower_order_final,
        disableCorrector: c.disable_corrector,
      }),
    renames: { solver_type: { midpoint: "bh2", heun: "bh2", logrho: "bh2" } },
    check: (c) => {
      expect("solver_type", c.solver_type, ["bh1", "bh2"]);
      flowCheck(c);
    },
    convergence: (c) => c.solver_order + (c.disable_corrector.length === 0 ? 1 : 0),
  },
  SASolverScheduler: {
    defaults: {
      ...DPM,
      ...CLIPPED,
      ...SPACED,
      predictor_order: 2,
      corrector_order: 2,
      tau_func: null,
      algorithm_type: "data_prediction",
      variance_type: null,
    },
    table: dpmTable({ repeatLast: "always" }),
    accepts: ["timesteps", "sigmas", "mu"],
    solver: (c) =>
      saSolver({
        predictorOrder: c.predictor_order,
        correctorOrder: c.corrector_order,
        tau: c.tau_func ?? undefined,
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
    check: (c) => {
      expect("algorithm_type", c.algorithm_type, ["data_prediction", "noise_prediction"]);
      flowCheck(c);
    },
    convergence: (c) =>
      [0, 500, 999].every((t) => c.tau_func?.(t) === 0)
        ? Math.max(c.predictor_order, c.corrector_order)
        : undefined,
  },
};
