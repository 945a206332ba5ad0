import { nearest } from "./_nearest.ts";
import type { SchedulerConfig } from "./config.ts";

/** A sampler that people ask for by name. */
export interface SamplerName {
  /** k-diffusion's name, or the field's. */
  readonly name: string;
  /** Other spellings; letter case, spaces, dashes and underscores do not matter anyway. */
  readonly aliases: readonly string[];
  /** The diffusers class that it is. */
  readonly className: string;
  /** What it is like, in a line. */
  readonly description: string;
}

/** A sigma schedule that people ask for by name. */
export interface ScheduleName {
  /** The field's name. */
  readonly name: string;
  /** Other spellings. */
  readonly aliases: readonly string[];
  /** How it spaces its steps, in a line. */
  readonly description: string;
}

type Keys = Readonly<Record<string, unknown>>;
type SamplerRow = SamplerName & { readonly keys?: Keys; readonly flow?: string };

const row = (
  name: string,
  aliases: string,
  className: string,
  description: string,
  extra: { keys?: Keys; flow?: string } = {},
): SamplerRow => ({
  name,
  aliases: aliases.split(", ").filter((alias) => alias !== ""),
  className: `${className}Scheduler`,
  description,
  ...extra,
});

const SDE = { algorithm_type: "sde-dpmsolver++" };

/** `keys` go into the config; `flow` is the class for flow-matching models, if another. */
const SAMPLERS: readonly SamplerRow[] = [
  row("euler", "k_euler", "EulerDiscrete", "first order, deterministic", {
    flow: "FlowMatchEulerDiscrete",
  }),
  row("euler_a", "k_euler_a, euler_ancestral", "EulerAncestralDiscrete", "Euler with fresh noise"),
  row("heun", "k_heun", "HeunDiscrete", "second order, two calls per step", {
    flow: "FlowMatchHeunDiscrete",
  }),
  row("dpm2", "k_dpm_2, dpm_2, kdpm2", "KDPM2Discrete", "midpoint, two calls per step"),
  row(
    "dpm2_a",
    "k_dpm_2_a, dpm_2_ancestral, dpm2_ancestral, kdpm2_a",
    "KDPM2AncestralDiscrete",
    "midpoint with fresh noise, two calls per step",
  ),
  row("lms", "k_lms, linear multistep", "LMSDiscrete", "linear multistep, order 4"),
  row("ddim", "", "DDIM", "first order, deterministic unless eta is above 0"),
  row("ddpm", "", "DDPM", "ancestral; for many steps"),
  row("pndm", "", "PNDM", "multistep with a Runge-Kutta start", {
    keys: { skip_prk_steps: false },
  }),
  row("plms", "k_plms", "PNDM", "PNDM as Stable Diffusion 1 runs it", {
    keys: { skip_prk_steps: true },
  }),
  row(
    "dpmpp_2m",
    "k_dpmpp_2m, dpm++2m, dpm++ 2m",
    "DPMSolverMultistep",
    "second order; a good default",
  ),
  row("dpmpp_3m", "dpm++3m, dpm++ 3m", "DPMSolverMultistep", "third order", {
    keys: { solver_order: 3 },
  }),
  row(
    "dpmpp_2m_sde",
    "k_dpmpp_2m_sde, dpm++2m_sde, dpm++ 2m sde",
    "DPMSolverMultistep",
    "second order with fresh noise",
    { keys: SDE },
  ),
  row(
    "dpmpp_2m_sde_heun",
    "dpm++ 2m sde heun",
    "DPMSolverMultistep",
    "as dpmpp_2m_sde, the other second order",
    { keys: { ...SDE, solver_type: "heun" } },
  ),
  row(
    "dpmpp_3m_sde",
    "dpm++3m_sde, dpm++ 3m sde",
    "DPMSolverMultistep",
    "third order, fresh noise",
    {
      keys: { ...SDE, solver_order: 3 },
    },
  ),
  row("dpmpp_2s", "dpm++2s, dpm++ 2s", "DPMSolverSinglestep", "second order in blocks of two"),
  row(
    "dpmpp_2s_a",
    "k_dpmpp_2s_a, dpm++2s_a, dpm++ 2s a, dpmpp_2s_ancestral",
    "DPMPP2SAncestral",
    "second order with fresh noise, two calls per step",
  ),
  row(
    "dpmpp_sde",
    "k_dpmpp_sde, dpm++_sde, dpm++ sde",
    "DPMSolverSDE",
    "fresh noise along a Brownian path, two calls per step",
  ),
  row("deis", "", "DEISMultistep", "second order in the noise"),
  row("ipndm", "ipndm_v", "IPNDM", "PNDM without warm-up, on its own levels"),
  row("unipc", "uni_pc", "UniPCMultistep", "predictor and corrector; good at few steps"),
  row("unipc_bh1", "uni_pc_bh1", "UniPCMultistep", "as unipc, for unguided sampling", {
    keys: { solver_type: "bh1" },
  }),
  row("sa_solver", "", "SASolver", "stochastic Adams, predictor and corrector"),
  row("lcm", "", "LCM", "latent consistency models; 4 to 8 steps", { flow: "FlowMatchLCM" }),
  row("tcd", "", "TCD", "trajectory consistency models; 4 to 8 steps"),
];

const LINSPACE = { timestep_spacing: "linspace" };

const SCHEDULES: readonly (ScheduleName & { readonly keys: Keys })[] = [
  {
    name: "normal",
    aliases: ["discrete", "uniform", "linspace"],
    description: "even in timesteps, both ends included",
    keys: LINSPACE,
  },
  {
    name: "karras",
    aliases: [],
    description: "even in the 7th root of sigma",
    keys: { ...LINSPACE, use_karras_sigmas: true },
  },
  {
    name: "exponential",
    aliases: ["lu", "lu_lambdas"],
    description: "even in log sigma",
    keys: { ...LINSPACE, use_exponential_sigmas: true },
  },
  {
    name: "polyexponential",
    aliases: [],
    description: "even in log sigma, k-diffusion's form",
    keys: { ...LINSPACE, sigma_spacing: "polyexponential" },
  },
  {
    name: "beta",
    aliases: [],
    description: "dense at both ends",
    keys: { ...LINSPACE, use_beta_sigmas: true },
  },
  {
    name: "kl_optimal",
    aliases: [],
    description: "even in the arctangent of sigma",
    keys: { ...LINSPACE, sigma_spacing: "kl_optimal" },
  },
  {
    name: "sgm_uniform",
    aliases: ["simple", "trailing"],
    description: "even in timesteps, from the last on",
    keys: { timestep_spacing: "trailing" },
  },
  {
    name: "leading",
    aliases: ["ddim_uniform"],
    description: "even in timesteps, from the first on",
    keys: { timestep_spacing: "leading" },
  },
  {
    name: "ays",
    aliases: ["align_your_steps", "ays_sd15"],
    description: "optimised for Stable Diffusion 1.5",
    keys: { ...LINSPACE, sigma_spacing: "align_your_steps_sd15" },
  },
  {
    name: "ays_sdxl",
    aliases: [],
    description: "optimised for Stable Diffusion XL",
    keys: { ...LINSPACE, sigma_spacing: "align_your_steps_sdxl" },
  },
  {
    name: "ays_svd",
    aliases: [],
    description: "optimised for Stable Video Diffusion",
    keys: { ...LINSPACE, sigma_spacing: "align_your_steps_svd" },
  },
];

/** Keys that say how to sample, not how the model was trained; another sampler does not inherit them. */
const SAMPLING_KEYS = [
  "algorithm_type",
  "euler_at_final",
  "final_sigmas_type",
  "interpolation_type",
  "lower_order_final",
  "predict_x0",
  "sigma_spacing",
  "skip_prk_steps",
  "solver_order",
  "solver_type",
  "use_beta_sigmas",
  "use_exponential_sigmas",
  "use_karras_sigmas",
  "use_lu_lambdas",
  "_use_default_values",
];

/**
 * The config of a sampler and a sigma schedule by the names that people use, for the model that `base`
 * was made for. Spelling is forgiving: "DPM++ 2M", "dpmpp_2m" and "k_dpmpp_2m" are one; a trailing
 * "karras" or "_k" is that schedule. diffusers' class names are names too. Without a schedule, the base's spacing of
 * timesteps stays.
 *
 * Throws a `RangeError` that names the nearest known name.
 *
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { samplerConfig } from "@shum/schedulers";
 * const base = { _class_name: "PNDMScheduler", beta_end: 0.012, skip_prk_steps: true };
 * assertEquals(samplerConfig("DPM++ 2M Karras", undefined, base), {
 *   _class_name: "DPMSolverMultistepScheduler",
 *   beta_end: 0.012,
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
  const kept = Object.fromEntries(
    Object.entries(base).filter(([key]) => !SAMPLING_KEYS.includes(key)),
  );
  return {
    ...kept,
    _class_name: sampler.className,
    ...(flow && flowKeys(sampler, base)),
    ...sampler.keys,
    ...(named !== undefined && findSchedule(named).keys),
  };
}

/** A flow-matching model under a sampler: its own class, or a class that can take flow sigmas. */
function flowKeys(sampler: SamplerRow, base: SchedulerConfig): Keys {
  if (sampler.flow) return { _class_name: `${sampler.flow}Scheduler` };
  if (!/^(DPMSolver(Multi|Single)step|DEIS|UniPC|SASolver)/.test(sampler.className)) {
    throw new RangeError(
      `Cannot choose sampler: "${sampler.name}" does not sample flow-matching models; expected ` +
        `euler, heun, lcm, dpmpp_2m, dpmpp_2s, unipc, deis or sa_solver`,
    );
  }
  return {
    prediction_type: "flow_prediction",
    use_flow_sigmas: true,
    flow_shift: base.flow_shift ?? base.shift ?? 1,
  };
}

/**
 * Every sampler that {@linkcode samplerConfig} knows.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { samplerNames } from "@shum/schedulers";
 * assert(samplerNames().some(({ name }) => name === "euler_a"));
 * ```
 */
export function samplerNames(): readonly SamplerName[] {
  return SAMPLERS.map(({ name, aliases, className, description }) => ({
    name,
    aliases,
    className,
    description,
  }));
}

/**
 * Every sigma schedule that {@linkcode samplerConfig} knows.
 *
 * ```ts
 * import { assert } from "@std/assert";
 * import { scheduleNames } from "@shum/schedulers";
 * assert(scheduleNames().some(({ name }) => name === "karras"));
 * ```
 */
export function scheduleNames(): readonly ScheduleName[] {
  return SCHEDULES.map(({ name, aliases, description }) => ({ name, aliases, description }));
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

function findSchedule(name: string): { readonly keys: Keys } {
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
      `${table.map((entry) => entry.name).join(", ")}. Did you mean "${near}"?`,
  );
}
