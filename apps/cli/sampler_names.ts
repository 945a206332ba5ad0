import type { SchedulerConfig } from "@shum/schedulers";
import type { Given } from "./options.ts";

const isLabel = (name: string) => /[A-Z ]/.test(name) && !/Scheduler$/.test(name);

/**
 * The names that A1111 has for what was used, so that other tools can read them: of the sampler that
 * was asked for, or of the model's own.
 */
export async function samplerLabels(
  given: Given,
  config: SchedulerConfig,
): Promise<{ name: string; schedule?: string }> {
  const { samplerNames, scheduleNames } = await import("@shum/schedulers");
  const wanted = given.sampler?.toLowerCase();
  const entry = samplerNames().find((entry) =>
    wanted === undefined
      ? entry.className === config._class_name
      : [entry.name, ...entry.aliases].some((name) => name.toLowerCase() === wanted)
  );
  const name = entry?.aliases.find(isLabel) ?? entry?.name ?? given.sampler ??
    String(config._class_name);
  const flags = ["karras", "exponential", "beta"]
    .find((kind) => config[`use_${kind}_sigmas`] === true);
  const spacing = given.schedule ?? flags;
  if (spacing === undefined) return { name };
  const schedule = scheduleNames().find((entry) =>
    [entry.name, ...entry.aliases].some((alias) => alias.toLowerCase() === spacing.toLowerCase())
  );
  const label = schedule?.aliases.find(isLabel) ??
    spacing.replace(/^./, (letter) => letter.toUpperCase());
  return { name, schedule: label };
}
