import type { SchedulerConfig } from "@shum/schedulers";
import type { Given } from "../options/options.ts";

// A1111's names, by diffusers class. Where it has none, the field's.
const SAMPLERS: Readonly<Record<string, string>> = {
  EulerDiscrete: "Euler",
  FlowMatchEulerDiscrete: "Euler",
  EulerAncestralDiscrete: "Euler a",
  HeunDiscrete: "Heun",
  FlowMatchHeunDiscrete: "Heun",
  KDPM2Discrete: "DPM2",
  KDPM2AncestralDiscrete: "DPM2 a",
  LMSDiscrete: "LMS",
  DPMSolverSinglestep: "DPM++ 2S",
  DPMPP2SAncestral: "DPM++ 2S a",
  DPMSolverSDE: "DPM++ SDE",
  DEISMultistep: "DEIS",
  UniPCMultistep: "UniPC",
  SASolver: "SA Solver",
  DPMFast: "DPM fast",
  FlowMatchLCM: "LCM",
};

const SCHEDULES: Readonly<Record<string, string>> = {
  karras: "Karras",
  exponential: "Exponential",
  polyexponential: "Polyexponential",
  sgmuniform: "SGM Uniform",
  trailing: "SGM Uniform",
  simple: "Simple",
  normal: "Normal",
  discrete: "Normal",
  uniform: "Uniform",
  linspace: "Normal",
  leading: "DDIM",
  ddimuniform: "DDIM",
  beta: "Beta",
  kloptimal: "KL Optimal",
  ays: "Align Your Steps",
  alignyoursteps: "Align Your Steps",
};

/** The order and kind of a DPM-Solver, which one class has them all of. */
function multistepName(config: SchedulerConfig): string {
  const sde = String(config.algorithm_type ?? "").startsWith("sde");
  const heun = sde && config.solver_type === "heun";
  return `DPM++ ${config.solver_order ?? 2}M${sde ? " SDE" : ""}${heun ? " Heun" : ""}`;
}

/**
 * The names that A1111 has for what is used, so that other tools can read them.
 *
 * @param given The options.
 * @param config The scheduler's configuration, with what the options changed.
 */
export function samplerLabels(
  given: Given,
  config: SchedulerConfig,
): { name: string; schedule?: string } {
  const kind = String(config._class_name).replace(/Scheduler$/, "");
  const name = kind === "DPMSolverMultistep"
    ? multistepName(config)
    : kind === "PNDM" && config.skip_prk_steps === true
    ? "PLMS"
    : SAMPLERS[kind] ?? kind;
  const flag = ["karras", "exponential", "beta"]
    .find((word) => config[`use_${word}_sigmas`] === true);
  const spacing = given.schedule ?? flag;
  if (spacing === undefined) return { name };
  const label = SCHEDULES[spacing.toLowerCase().replace(/[\s_-]/g, "")] ?? spacing;
  return { name, schedule: label };
}
