import { nearest } from "./_nearest.ts";
import {
  type Keys,
  type SamplerName,
  type SamplerRow,
  SAMPLERS,
  type ScheduleName,
  SCHEDULES,
} from "./_sampler_names.ts";
import type { SchedulerConfig } from "./config.ts";
import { REGISTRY } from "./registry.ts";
import type { RegistryEntry } from "./registry/entry.ts";
import type { Settings } from "./settings.ts";

export type { SamplerName, ScheduleName };

/**
 * Keys that say how to sample, not how the model was trained; another sampler does not inherit
 * them.
 */
const SAMPLING_KEYS: ReadonlySet<string> = new Set<keyof Settings | "_use_default_values">([
  "algorithm_type",
  "euler_at_final",
  "final_sigmas_type",
  "interpolation_type",
  "lower_order_final",
  "predict_x0",
  "pure_noise_sigma",
  "sigma_spacing",
  "skip_prk_steps",
  "solver_order",
  "solver_type",
  "use_beta_sigmas",
  "use_exponential_sigmas",
  "use_karras_sigmas",
  "use_lu_lambdas",
  "_use_default_values",
]);

/**
 * The config of a sampler and a sigma schedule by the names that people use, for the model that
 * `base` was made for. Spelling is forgiving: "DPM++ 2M", "dpmpp_2m" and "k_dpmpp_2m" are one; a
 * trailing "karras" or "_k" is that schedule. diffusers' class names are names too. Without a
 * schedule, the base's spacing of timesteps stays.
 *
 * `pure_noise_sigma`, a key of ours, concerns models that begin in noise alone: what a sampler may do
 * above that sigma, and where a schedule begins. DIFFERENCES.md tells.
 *
 * @param name The name of the sampler, or of a diffusers class.
 * @param schedule The name of the sigma schedule; `undefined` keeps the base's.
 * @param base The config that the model came with.
 * @returns The config of that sampler for that model.
 * @throws {RangeError} if a name is not known, with the nearest that is; or if the sampler does
 * not sample such models.
 *
 * @example Any spelling will do
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { samplerConfig } from "@shum/schedulers";
 * const base = { _class_name: "PNDMScheduler", beta_end: 0.012, skip_prk_steps: true };
 * assertEquals(samplerConfig("DPM++ 2M Karras", undefined, base), {
 *   _class_name: "DPMSolverMultistepScheduler",
 *   beta_end: 0.012,
 *   pure_noise_sigma: 200,
 *   timestep_spacing: "linspace",
 *   use_karras_sigmas: true,
 * });
 * assertThrows(() => samplerConfig("euler_b", undefined, base), RangeError, "euler_a");
 * ```
 */
export function samplerConfig(
  name: string,
  schedule: string | undefined,
  base: SchedulerConfig,
): SchedulerConfig {
  const { sampler, suffix } = findSampler(name);
  const named = schedule ?? suffix;
  const flow = base._class_name.startsWith("FlowMatch") || base.use_flow_sigmas === true ||
    base.prediction_type === "flow_prediction";
  const edm = base._class_name.startsWith("EDM");
  const kept = Object.fromEntries(
    Object.entries(base).filter(([key]) => !SAMPLING_KEYS.has(key)),
  );
  const config = {
    ...kept,
    // a model of iPNDM's own levels keeps them
    _class_name: sampler.name === "ipndm" && base._class_name === "IPNDMScheduler"
      ? base._class_name
      : sampler.className,
    ...(flow && flowKeys(sampler, base)),
    ...sampler.keys,
    ...(edm && edmKeys(sampler)),
  };
  if (named === undefined) return config;
  return { ...config, ...(edm ? edmSpacing(named) : scheduleKeys(named, config._class_name)) };
}

/** A schedule in the keys of a class: diffusers' own where it has them, else `sigma_spacing`. */
function scheduleKeys(name: string, className: string): Keys {
  const { keys } = findSchedule(name);
  const { defaults } = REGISTRY[className]!;
  return Object.fromEntries(
    Object.entries(keys).map(([key, value]) => {
      const spacing = /^use_(\w+)_sigmas$/.exec(key)?.[1];
      return spacing && !(key in defaults) && "sigma_spacing" in defaults
        ? ["sigma_spacing", spacing]
        : [key, value];
    }),
  );
}

/** Whether a sampler has a class for flow-matching models, or one that can take their levels. */
function takesFlow({ flow, className }: SamplerRow): boolean {
  return flow !== undefined || "use_flow_sigmas" in REGISTRY[className]!.defaults;
}

/** A flow-matching model under a sampler: its own class, or a class that can take flow sigmas. */
function flowKeys(sampler: SamplerRow, base: SchedulerConfig): Keys {
  if (sampler.flow) return { _class_name: `${sampler.flow}Scheduler` };
  if (!takesFlow(sampler)) throw unfit(sampler, "flow-matching", takesFlow);
  return {
    prediction_type: "flow_prediction",
    use_flow_sigmas: true,
    flow_shift: base.flow_shift ?? base.shift ?? 1,
  };
}

/** A model with Karras et al.'s preconditioning under a sampler: one of the classes that know it. */
function edmKeys(sampler: SamplerRow): Keys {
  const _class_name = edmClass(sampler);
  if (_class_name === undefined) throw unfit(sampler, "EDM", (row) => edmClass(row) !== undefined);
  return { _class_name };
}

function edmClass({ className }: SamplerRow): string | undefined {
  if (className === "EulerDiscreteScheduler") return "EDMEulerScheduler";
  if (className === "DPMSolverMultistepScheduler") return "EDMDPMSolverMultistepScheduler";
  return undefined;
}

function unfit(sampler: SamplerRow, kind: string, fits: (row: SamplerRow) => boolean): RangeError {
  const names = SAMPLERS.filter(fits).map(({ name }) => name);
  return new RangeError(
    `Cannot choose sampler: "${sampler.name}" does not sample ${kind} models; expected ` +
      names.join(", "),
  );
}

function edmSpacing(name: string): Keys {
  const { name: sigma_schedule } = findSchedule(name);
  if (sigma_schedule === "karras" || sigma_schedule === "exponential") return { sigma_schedule };
  throw new RangeError(
    `Cannot choose schedule: "${name}" is not for EDM models; expected karras or exponential`,
  );
}

/**
 * Every sampler that {@linkcode samplerConfig} knows.
 *
 * @returns Their names, other spellings and labels.
 *
 * @example Euler's ancestral
 * ```ts
 * import { assert } from "@std/assert";
 * import { samplerNames } from "@shum/schedulers";
 * assert(samplerNames().some(({ name }) => name === "euler_a"));
 * ```
 */
export function samplerNames(): readonly SamplerName[] {
  return SAMPLERS.map(publicRow);
}

/**
 * The sampler that a config is, whatever it was called.
 *
 * @param config The config of a scheduler.
 * @returns The sampler of the same class whose keys agree with the config's; `undefined` where there
 * is none.
 *
 * @example Order and algorithm tell a class's samplers apart
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { samplerOf } from "@shum/schedulers";
 * const config = { _class_name: "DPMSolverMultistepScheduler", solver_order: 3 };
 * assertEquals(samplerOf(config)?.name, "dpmpp_3m");
 * assertEquals(samplerOf({ ...config, algorithm_type: "sde-dpmsolver++" })?.name, "dpmpp_3m_sde");
 * assertEquals(samplerOf({ ...config, solver_order: 1 }), undefined);
 * ```
 */
export function samplerOf(config: SchedulerConfig): SamplerName | undefined {
  const className = config._class_name;
  const rows = SAMPLERS.filter((row) =>
    className === row.className || className === `${row.flow}Scheduler`
  );
  const telling = new Set(rows.flatMap((row) => Object.keys(row.keys ?? {}) as (keyof Settings)[]));
  telling.delete("pure_noise_sigma"); // tells nothing: many samplers share it
  const { defaults, renames }: Partial<RegistryEntry> = REGISTRY[className] ?? {};
  const value = (keys: Keys, key: keyof Settings) => {
    const found = keys[key] ?? defaults?.[key];
    return renames?.[key]?.[String(found)] ?? found;
  };
  const found = rows.find((row) =>
    [...telling].every((key) => value(config, key) === value(row.keys ?? {}, key))
  );
  return found && publicRow(found);
}

function publicRow({ keys: _keys, flow: _flow, ...row }: SamplerRow): SamplerName {
  return row;
}

/**
 * Every sigma schedule that {@linkcode samplerConfig} knows.
 *
 * @returns Their names, other spellings and labels.
 *
 * @example Karras's
 * ```ts
 * import { assert } from "@std/assert";
 * import { scheduleNames } from "@shum/schedulers";
 * assert(scheduleNames().some(({ name }) => name === "karras"));
 * ```
 */
export function scheduleNames(): readonly ScheduleName[] {
  return SCHEDULES.map(({ keys: _, ...row }) => row);
}

const plain = (text: string) => text.toLowerCase().replace(/\+\+/g, "pp").replace(/[^a-z0-9]/g, "");

function spellings(entry: SamplerName | ScheduleName): string[] {
  const classes = "className" in entry
    ? [entry.className, entry.className.replace("Scheduler", "")]
    : [];
  return [entry.name, ...entry.aliases, ...classes].map(plain);
}

function findSampler(name: string): { sampler: SamplerRow; suffix?: string } {
  const asked = plain(name);
  const find = (text: string) => SAMPLERS.find((sampler) => spellings(sampler).includes(text));
  const sampler = find(asked);
  if (sampler) return { sampler };
  for (const schedule of SCHEDULES) {
    for (const suffix of [...spellings(schedule), ...(schedule.name === "karras" ? ["k"] : [])]) {
      const rest = asked.endsWith(suffix) && find(asked.slice(0, -suffix.length));
      if (rest) return { sampler: rest, suffix: schedule.name };
    }
  }
  throw unknown("sampler", name, SAMPLERS);
}

function findSchedule(name: string): ScheduleName & { readonly keys: Keys } {
  const found = SCHEDULES.find((schedule) => spellings(schedule).includes(plain(name)));
  if (!found) throw unknown("schedule", name, SCHEDULES);
  return found;
}

function unknown(
  kind: string,
  name: string,
  table: readonly (SamplerName | ScheduleName)[],
): Error {
  const names = table.flatMap((entry) => [entry.name, ...entry.aliases]);
  const near = nearest(name, names);
  return new RangeError(
    `Cannot choose ${kind}: "${name}" is not known; expected one of ` +
      `${table.map((entry) => entry.name).join(", ")}` +
      (near === undefined ? "" : `. Did you mean "${near}"?`),
  );
}
