import { samplerOf, scheduleNames, type SchedulerConfig } from "@shum/schedulers";
import type { Given } from "../options/options.ts";

// Schedules that A1111 has two names for.
const TWINS: Readonly<Record<string, string>> = { simple: "Simple", uniform: "Uniform" };

const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, "");

/** A DPM-Solver of an order, algorithm and kind together that no sampler has a name for. */
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
  const kind = config._class_name.replace(/Scheduler$/, "");
  const name = samplerOf(config)?.label ??
    (kind === "DPMSolverMultistep" ? multistepName(config) : kind);
  const flag = ["karras", "exponential", "beta"]
    .find((word) => config[`use_${word}_sigmas`] === true);
  const spacing = given.schedule ?? flag;
  if (spacing === undefined) return { name };
  const row = scheduleNames()
    .find((row) => [row.name, ...row.aliases].map(plain).includes(plain(spacing)));
  return { name, schedule: TWINS[plain(spacing)] ?? row?.label ?? spacing };
}
