import { nearest } from "./_nearest.ts";
import { NEUTRAL, type Settings } from "./settings.ts";

/**
 * A `scheduler_config.json`, with diffusers' own keys. Keys that the class does not have are
 * ignored, as diffusers ignores them; what diffusers takes as arguments of `step` is a key here
 * too.
 */
export interface SchedulerConfig {
  /** The class to be, for instance `"EulerDiscreteScheduler"`. */
  readonly _class_name: string;
  /** Keys that were filled in from defaults, and which another class shall not inherit. */
  readonly _use_default_values?: readonly string[];
  /** Anything else; keys that the class knows are checked. */
  readonly [key: string]: unknown;
}

/** What a value must be: what to say when it is not, and the test. */
type Check = readonly [expected: string, test: (value: unknown) => boolean];

const isNumber = (value: unknown): value is number =>
  typeof value === "number" && !Number.isNaN(value);
const finite: Check = ["a finite number", (v) => isNumber(v) && Number.isFinite(v)];
const number: Check = ["a number", isNumber];
const positive: Check = ["a number above 0", (v) => isNumber(v) && v > 0 && Number.isFinite(v)];
const notNegative: Check = ["a number of at least 0", (v) => isNumber(v) && v >= 0];
/** More timesteps than any model was trained with; tables of them are made at once. */
const MOST_TIMESTEPS = 100_000;
/** A whole number within bounds. */
const between = (least: number, most: number): Check => [
  `a whole number from ${least} to ${most}`,
  (v) => Number.isInteger(v) && (v as number) >= least && (v as number) <= most,
];
const count: Check = ["a whole number above 0", (v) => Number.isInteger(v) && (v as number) > 0];
const timesteps = between(1, MOST_TIMESTEPS);
const flag: Check = ["true or false", (v) => typeof v === "boolean"];
const fraction: Check = ["a number from 0 to 1", (v) => isNumber(v) && v >= 0 && v <= 1];
const numbers: Check = [
  `an array of at most ${MOST_TIMESTEPS} numbers`,
  (v) => Array.isArray(v) && v.length <= MOST_TIMESTEPS && v.every(isNumber),
];
const betaList: Check = [
  `an array of 1 to ${MOST_TIMESTEPS} numbers from 0 to 1`,
  (v) =>
    Array.isArray(v) && v.length > 0 && v.length <= MOST_TIMESTEPS &&
    v.every((b) => isNumber(b) && b >= 0 && b <= 1),
];
const oneOf = (...names: string[]): Check => [
  names.map((name) => `"${name}"`).join(", "),
  (v) => typeof v === "string" && names.includes(v),
];

const CHECKS: Readonly<Record<keyof Settings, Check>> = {
  num_train_timesteps: timesteps,
  beta_start: fraction,
  beta_end: fraction,
  beta_schedule: oneOf("linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp"),
  trained_betas: betaList,
  rescale_betas_zero_snr: flag,
  prediction_type: oneOf(
    "epsilon",
    "sample",
    "v_prediction",
    "flow_prediction",
    "score",
    "trigflow",
  ),
  pure_noise_sigma: ["a number above 0", (v) => isNumber(v) && v > 0],
  timestep_spacing: oneOf("leading", "linspace", "trailing"),
  steps_offset: between(-MOST_TIMESTEPS, MOST_TIMESTEPS),
  set_alpha_to_one: flag,
  clip_sample: flag,
  clip_sample_range: positive,
  thresholding: flag,
  dynamic_thresholding_ratio: fraction,
  sample_max_value: positive,
  variance_type: oneOf(
    "fixed_small",
    "fixed_small_log",
    "fixed_large",
    "fixed_large_log",
    "learned",
    "learned_range",
  ),
  skip_prk_steps: flag,
  use_karras_sigmas: flag,
  use_exponential_sigmas: flag,
  use_beta_sigmas: flag,
  use_lu_lambdas: flag,
  sigma_spacing: oneOf(
    "karras",
    "exponential",
    "beta",
    "polyexponential",
    "kl_optimal",
    "align_your_steps_sd15",
    "align_your_steps_sdxl",
    "align_your_steps_svd",
  ),
  use_flow_sigmas: flag,
  flow_shift: positive,
  final_sigmas_type: oneOf("zero", "sigma_min"),
  sigma_min: notNegative,
  sigma_max: positive,
  sigma_data: positive,
  sigma_schedule: oneOf("karras", "exponential"),
  rho: positive,
  interpolation_type: oneOf("linear", "log_linear"),
  timestep_type: oneOf("discrete", "continuous"),
  lambda_min_clipped: number,
  solver_order: count,
  solver_type: oneOf("midpoint", "heun", "logrho", "bh1", "bh2"),
  algorithm_type: oneOf(
    "dpmsolver",
    "dpmsolver++",
    "sde-dpmsolver",
    "sde-dpmsolver++",
    "deis",
    "data_prediction",
    "noise_prediction",
  ),
  lower_order_final: flag,
  euler_at_final: flag,
  predict_x0: flag,
  disable_corrector: numbers,
  predictor_order: count,
  corrector_order: [
    "a whole number of at least 0",
    (v) => Number.isInteger(v) && (v as number) >= 0,
  ],
  tau_func: ["a function of the timestep", (v) => typeof v === "function"],
  original_inference_steps: timesteps,
  timestep_scaling: positive,
  clip_denoised: flag,
  shift: positive,
  use_dynamic_shifting: flag,
  time_shift_type: oneOf("exponential", "linear"),
  base_shift: finite,
  max_shift: finite,
  base_image_seq_len: count,
  max_image_seq_len: count,
  shift_terminal: fraction,
  invert_sigmas: flag,
  stochastic_sampling: flag,
  scaler: positive,
  s: notNegative,
  beta_min: positive,
  beta_max: positive,
  sampling_eps: positive,
  eta: fraction,
  use_clipped_model_output: flag,
  s_churn: notNegative,
  s_min: notNegative,
  s_max: notNegative,
  s_tmin: notNegative,
  s_tmax: notNegative,
  s_noise: notNegative,
  order: between(1, 10),
};

/**
 * Checks a config's values for a class with the given defaults, whose keys are all that it reads.
 * Throws a `TypeError` or `RangeError` that names the key. `null` means absent, as JSON files say
 * it.
 */
export function settings(config: SchedulerConfig, defaults: Partial<Settings>): Settings {
  const result: Record<string, unknown> = { ...NEUTRAL, ...defaults };
  const filled: unknown = config._use_default_values;
  if (filled !== undefined && !Array.isArray(filled)) {
    throw new TypeError(
      `Cannot read scheduler config: _use_default_values is ${
        show(filled)
      }; expected an array of keys`,
    );
  }
  const inherited = new Set(config._use_default_values);
  for (const key of Object.keys(defaults) as (keyof Settings)[]) {
    const value = config[key];
    if (value === undefined || value === null || inherited.has(key)) continue;
    const [expected, test] = CHECKS[key];
    if (!test(value)) throw invalid(key, value, expected);
    result[key] = value;
  }
  return result as unknown as Settings;
}

/** A value that does not fit: `TypeError` if even its kind is wrong. */
function invalid(key: keyof Settings, value: unknown, expected: string): Error {
  const kind = typeof NEUTRAL[key] === typeof value || NEUTRAL[key] === null;
  const hint = typeof value === "string" ? nearest(value, expected.match(/[^", ]+/g) ?? []) : "";
  const message = `Cannot read scheduler config: ${key} is ${show(value)}; expected ${expected}` +
    (hint && expected.startsWith('"') ? `. Did you mean "${hint}"?` : "");
  return kind ? new RangeError(message) : new TypeError(message);
}

/** Two values that make no sense together. */
export function contradiction(
  a: keyof Settings,
  x: unknown,
  b: keyof Settings,
  y: unknown,
): RangeError {
  return new RangeError(
    `Cannot read scheduler config: ${a} is ${show(x)} while ${b} is ${
      show(y)
    }; expected only one ` +
      `of these values`,
  );
}

function show(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
