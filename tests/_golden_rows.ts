/** The rows of `scheduler-golden.json`, and what our schedulers make of each. */
import {
  alphasCumprod,
  betas,
  type BetaSchedule,
  rescaleZeroTerminalSnr,
  Scheduler,
  type SchedulerConfig,
} from "../packages/schedulers/mod.ts";
import { dummyModel, dummySample, type Loop, runLoop, sumOf } from "./_diffusers_loops.ts";
import { checkPosterior, DRIVERS, scoreSdeVeUpstream } from "./_golden_drivers.ts";

/** A row of diffusers' own tests. */
export interface UpstreamRow {
  readonly test: string;
  readonly cls: string | null;
  readonly scheduler: string;
  readonly config: string;
  readonly steps: number;
  readonly loop: string;
  readonly sum: number | null;
  readonly mean: number;
  readonly tol_sum: number | string | null;
  readonly tol_mean: number | string;
}

/** A row computed by running diffusers in a pipeline's loop. */
export interface ExtraRow {
  readonly id: string;
  readonly scheduler: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly steps?: number;
  readonly seed?: number;
  readonly start?: number;
  readonly set_timesteps_kwargs?: Readonly<Record<string, unknown>>;
  readonly step_kwargs?: Readonly<Record<string, unknown>>;
  readonly sum?: number | null;
  readonly posterior?: Readonly<Record<string, number[][]>>;
  readonly first?: readonly (number | null)[];
  readonly at_3_2_7_7?: number;
  readonly model_calls?: number;
  readonly init_noise_sigma?: number;
  readonly note?: string;
}

/** Timesteps and sigmas of one run. */
export interface ScheduleRow extends Pick<ExtraRow, "id" | "scheduler" | "config" | "steps"> {
  readonly set_timesteps_kwargs?: Readonly<Record<string, unknown>>;
  readonly timesteps: readonly number[];
  readonly sigmas?: readonly number[];
  readonly sigmas_interpol?: readonly (number | null)[];
  readonly order_list?: readonly number[];
  readonly init_noise_sigma?: number;
}

/** Spot values of a beta schedule. */
export interface BetaRow {
  readonly index: readonly number[];
  readonly betas: readonly number[];
  readonly alphas_cumprod: readonly number[];
}

/** The whole file. */
export interface Golden {
  readonly upstream: readonly UpstreamRow[];
  readonly extra: readonly ExtraRow[];
  readonly schedules: readonly ScheduleRow[];
  readonly betas: Readonly<Record<string, BetaRow>>;
}

/** The name of an upstream row in messages and in DIFFERENCES.md. */
export function upstreamName(row: UpstreamRow): string {
  const oneD = row.cls?.includes("1D") ? " (1D)" : "";
  return `${row.test.replace("test_scheduler_", "").replace(".py:test_", ": ")}${oneD}`;
}

const LINEAR = { num_train_timesteps: 1000, beta_start: 0.0001, beta_end: 0.02 };
const SIGMA_TRAIN = { ...LINEAR, num_train_timesteps: 1100 };
const SD = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
};
const DPM = { ...LINEAR, solver_order: 2, final_sigmas_type: "sigma_min" };
const EDM = { sigma_min: 0.002, sigma_max: 80 };

/** `get_scheduler_config()` of diffusers' test classes. */
const BASE: Readonly<Record<string, Record<string, unknown>>> = {
  DDIM: { ...LINEAR, clip_sample: true },
  DDIMParallel: { ...LINEAR, clip_sample: true },
  DDIMInverse: { ...LINEAR, clip_sample: true },
  DDPM: { ...LINEAR, clip_sample: true, variance_type: "fixed_small" },
  DDPMParallel: { ...LINEAR, clip_sample: true, variance_type: "fixed_small" },
  PNDM: LINEAR,
  DEISMultistep: { ...LINEAR, solver_order: 2 },
  UniPCMultistep: { ...DPM, solver_type: "bh2" },
  DPMSolverMultistep: { ...DPM, lower_order_final: false, euler_at_final: false },
  DPMSolverSinglestep: DPM,
  DPMSolverMultistepInverse: { ...LINEAR, solver_order: 2, lower_order_final: false },
  EulerDiscrete: SIGMA_TRAIN,
  EulerAncestralDiscrete: SIGMA_TRAIN,
  HeunDiscrete: SIGMA_TRAIN,
  KDPM2Discrete: SIGMA_TRAIN,
  KDPM2AncestralDiscrete: SIGMA_TRAIN,
  LMSDiscrete: SIGMA_TRAIN,
  SASolver: SIGMA_TRAIN,
  LCM: SD,
  TCD: SD,
  EDMEuler: { ...EDM, num_train_timesteps: 256 },
  EDMDPMSolverMultistep: {
    ...EDM,
    num_train_timesteps: 1000,
    solver_order: 2,
    lower_order_final: false,
    final_sigmas_type: "sigma_min",
  },
  CMStochasticIterative: { ...EDM, num_train_timesteps: 201 },
  UnCLIP: { num_train_timesteps: 1000, variance_type: "fixed_small_log", clip_sample: true },
  IPNDM: { num_train_timesteps: 1000 },
  ScoreSdeVe: { num_train_timesteps: 2000, snr: 0.15, sigma_min: 0.01, sigma_max: 1348 },
};

/** `"v_prediction, use_karras_sigmas=true"` and the like. */
function parseConfig(text: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (text.includes("v_prediction")) result.prediction_type = "v_prediction";
  for (const [, key, value] of text.matchAll(/(\w+)=(true|false|[\d.]+)/g)) {
    if (key !== "num_train_timesteps") result[key!] = JSON.parse(value!);
  }
  return result;
}

/** The loop of an upstream row; see `tests/fixtures/README.md` for the codes. */
function upstreamLoop(row: UpstreamRow): Loop {
  const scheduler = row.scheduler.replace(" [1D]", "");
  const config = {
    _class_name: `${scheduler}Scheduler`,
    ...BASE[scheduler],
    ...parseConfig(row.config),
  };
  const timesteps = /timesteps=\[([\d,]+)\]/.exec(row.config)?.[1]?.split(",").map(Number);
  const [, code = "", index] = /^([A-Z]+)(?:\((\d+)\))?$/.exec(row.loop)!;
  const start = Number(index ?? 0);
  const never = code === "P" || code === "NP" || (scheduler === "UnCLIP" && row.steps === 1000);
  return {
    config,
    ...(never ? {} : { steps: row.steps }),
    ...(timesteps && { steps: "listed", options: { timesteps } }),
    start: code === "NP" ? 998 : start,
    addNoise: code.startsWith("N"),
    scaleStart: ["S", "K", "NS", "NK"].includes(code),
    ...(/S$/.test(code) ? { scaleInput: "step" } : /K$/.test(code) ? { scaleInput: "model" } : {}),
    ...(row.cls?.includes("1D") && { size: 24 }),
  };
}

/** Reproduces an upstream row; the complaint, or nothing if it holds. */
export function checkUpstream(row: UpstreamRow): string | undefined {
  const result = row.loop === "B"
    ? runBatch(row)
    : row.loop === "VE"
    ? scoreSdeVeUpstream()
    : runLoop(upstreamLoop(row)).result;
  const sum = sumOf(result);
  const within = (actual: number, expected: number, tolerance: number | string) =>
    typeof tolerance === "number"
      ? Math.abs(actual - expected) < tolerance
      : Math.abs(actual - expected) <= 1e-5 * Math.abs(expected);
  if (row.sum !== null && row.tol_sum !== null && !within(sum, row.sum, row.tol_sum)) {
    return `the sum is ${sum}; expected ${row.sum} within ${row.tol_sum}`;
  }
  const mean = sum / result.length;
  if (!within(mean, row.mean, row.tol_mean)) {
    return `the mean is ${mean}; expected ${row.mean} within ${row.tol_mean}`;
  }
  return undefined;
}

/** ParaDiGMS' batch_step_no_noise: samples at timesteps 0, 1 and 2, one step each, without noise. */
function runBatch(row: UpstreamRow): Float32Array {
  const config = { _class_name: `${row.scheduler}Scheduler`, ...BASE[row.scheduler] };
  const stacked: number[] = [];
  [0, 0.1, -0.1].forEach((offset, t) => {
    const scheduler = Scheduler.fromConfig(config);
    if (row.steps === 1000) scheduler.setBeginIndex(999 - t);
    else scheduler.setTimesteps(1, { timesteps: [t] });
    const x = dummySample().map((value) => value + Math.fround(offset));
    stacked.push(...scheduler.step(dummyModel(x, t), x, (out) => out.fill(0)).prevSample);
  });
  return Float32Array.from(stacked);
}

/** Reproduces a row of the pipeline loop; the complaint, or nothing if it holds. */
export function checkExtra(row: ExtraRow): string | undefined {
  if (row.posterior) return checkPosterior(row.posterior);
  const driver = DRIVERS[row.scheduler];
  if (driver) return checkNumbers(row, driver(row.config ?? {}, row.steps!));
  const { result, calls, scheduler } = runLoop({
    config: { _class_name: row.scheduler, ...row.config, ...row.step_kwargs },
    steps: row.steps ?? "listed",
    options: timestepsOptions(row.set_timesteps_kwargs),
    ...(row.seed !== undefined && { seed: row.seed }),
    ...(row.start !== undefined && { start: row.start, addNoise: true }),
    scaleStart: row.start === undefined,
    scaleInput: "model",
    ...(row.note?.startsWith("model output = concat(m, 2m-1)") &&
      { variance: (m: Float32Array) => m.map((value) => 2 * value - 1) }),
  });
  if (row.model_calls !== undefined && calls !== row.model_calls) {
    return `the model is called ${calls} times; expected ${row.model_calls}`;
  }
  if (row.init_noise_sigma !== undefined && !near(scheduler.initNoiseSigma, row.init_noise_sigma)) {
    return `init noise sigma is ${scheduler.initNoiseSigma}; expected ${row.init_noise_sigma}`;
  }
  return checkNumbers(row, result);
}

/** Five digits of the sum, four of single elements. */
function checkNumbers(row: ExtraRow, result: Float32Array): string | undefined {
  if (typeof row.sum !== "number") return "the row has no number";
  const sum = sumOf(result);
  if (!(Math.abs(sum - row.sum) <= 2e-5 * Math.abs(row.sum) + 1e-5)) {
    return `the sum is ${sum}; expected ${row.sum}`;
  }
  const scale = Math.abs(row.sum) / result.length;
  const spots = [...(row.first ?? []).map((value, i) => [i, value] as const)];
  if (row.at_3_2_7_7 !== undefined) spots.push([result.length - 1, row.at_3_2_7_7]);
  for (const [i, value] of spots) {
    if (value === null) continue;
    if (!(Math.abs(result[i]! - value) <= 1e-4 * (Math.abs(value) + scale))) {
      return `element ${i} is ${result[i]}; expected ${value}`;
    }
  }
  return undefined;
}

const near = (actual: number, expected: number, tolerance = 1e-6) =>
  Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));

function timestepsOptions(kwargs: ExtraRow["set_timesteps_kwargs"]): Record<string, unknown> {
  const given = Object.entries(kwargs ?? {}).filter(([, value]) => value !== null);
  const { original_inference_steps: originalInferenceSteps, ...rest } = Object.fromEntries(given);
  return { ...rest, ...(originalInferenceSteps !== undefined && { originalInferenceSteps }) };
}

/** Compares timesteps, sigmas and the start; the complaint, or nothing if they agree. */
export function checkSchedule(row: ScheduleRow): string | undefined {
  const config = { _class_name: row.scheduler, ...row.config } as SchedulerConfig;
  const scheduler = Scheduler.fromConfig(config);
  scheduler.setTimesteps(row.steps ?? undefined, timestepsOptions(row.set_timesteps_kwargs));
  const timesteps = [...scheduler.timesteps];
  if (row.timesteps.length === timesteps.length + 1) { // the classes that list where they end
    timesteps.push(scheduler.noiseLevel(timesteps.length).t);
  }
  if (timesteps.length !== row.timesteps.length) {
    return `there are ${timesteps.length} timesteps; expected ${row.timesteps.length}`;
  }
  for (const [i, t] of row.timesteps.entries()) {
    if (!near(timesteps[i]!, t, 1e-5)) return `timestep ${i} is ${timesteps[i]}; expected ${t}`;
  }
  const flow = row.scheduler.startsWith("Flow") || row.config?.use_flow_sigmas === true;
  const sigmas = [...scheduler.timesteps, 0].map((_, i) => scheduler.noiseLevel(i)).map((
    { alpha, sigma },
  ) => flow ? sigma : sigma / alpha);
  for (const [i, sigma] of (row.sigmas ?? []).entries()) {
    if (i < sigmas.length && !near(sigmas[i]!, sigma)) {
      return `sigma ${i} is ${sigmas[i]}; expected ${sigma}`;
    }
  }
  // DPM2: the sigmas in the middle of the steps, each of which diffusers lists twice.
  const middles = row.sigmas_interpol?.filter((sigma, i, all) => sigma && sigma !== all[i - 1]);
  for (const [i, sigma] of middles?.entries() ?? []) {
    const actual = scheduler.noiseLevel(2 * i + 1).sigma;
    if (!near(actual, sigma!)) return `middle sigma ${i} is ${actual}; expected ${sigma}`;
  }
  // Singlestep: a step of order k starts from the sample of k - 1 calls ago.
  for (const [i, order] of row.order_list?.entries() ?? []) {
    const slot = order === 1 ? "x" : `x[-${order - 1}]`;
    if (!(slot in scheduler.plan.steps[i]!.x.terms)) return `step ${i} is not of order ${order}`;
  }
  if (row.init_noise_sigma !== undefined && !near(scheduler.initNoiseSigma, row.init_noise_sigma)) {
    return `init noise sigma is ${scheduler.initNoiseSigma}; expected ${row.init_noise_sigma}`;
  }
  return undefined;
}

/** Betas and cumulative alphas of a named schedule; the complaint, or nothing if they agree. */
export function checkBetas(name: string, row: BetaRow): string | undefined {
  const sd = { start: 0.00085, end: 0.012, length: 1000 };
  const linear = { start: 0.0001, end: 0.02, length: 1000 };
  const scaled = betas("scaled_linear", sd);
  const table = name === "scaled_linear_sd"
    ? scaled
    : name === "sd_zero_snr"
    ? rescaleZeroTerminalSnr(scaled)
    : betas(name.split(" ")[0] as BetaSchedule, linear);
  const bars = alphasCumprod(table);
  for (const [k, i] of row.index.entries()) {
    const pairs = [[table[i]!, row.betas[k]!], [bars[i]!, row.alphas_cumprod[k]!]] as const;
    for (const [actual, expected] of pairs) {
      // torch's square root is off by a unit in the last place for some inputs, and beta is
      // 1 minus a ratio of two squares of such: eight units of 2^-24
      if (!(Math.abs(actual - expected) <= 1e-6 * Math.abs(expected) + 2 ** -21)) {
        return `entry ${i} is ${actual}; expected ${expected}`;
      }
    }
  }
  return undefined;
}
