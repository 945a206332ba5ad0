import type { Settings } from "../config/settings.ts";
import { linspace, roundHalfEven } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";
import { flowSchedule, shiftSigma, stretchToTerminal, timeShift } from "../schedules/flow.ts";
import { timesteps, type TimestepSpacing } from "../spacing/timesteps.ts";
import { custom, ends, finalSigma, replacement, TERMINAL, type Visited } from "./_sigmas.ts";
import { type TableMaker, type TableRequest, trainedSchedule } from "./table.ts";

/** How the classes of the DPM-Solver family differ in their tables. */
export interface DpmTableOptions {
  /** What `use_flow_sigmas` means. */
  readonly flow?: "dpm" | "unipc" | undefined;
  /** Whether replaced sigmas end by repeating the last (always, or for `sigma_min`). */
  readonly repeatLast?: "always" | "sigma_min" | undefined;
  /** Whether Karras timesteps of a squared-cosine schedule are cut, not rounded. */
  readonly cutCosine?: boolean | undefined;
  /** Ascending: from data to noise. */
  readonly inverse?: boolean | undefined;
}

/**
 * The DPM-Solver family: VP (or flow) scaling, whole timesteps. Replacement sigmas span all of
 * training.
 */
export function dpmTable(options: DpmTableOptions = {}): TableMaker {
  return (c) => {
    const schedule = trainedSchedule(c, TERMINAL);
    const process = c.use_flow_sigmas ? flowSchedule({ length: c.num_train_timesteps }) : schedule;
    return (request) => {
      const { sigmas, timesteps, last } = dpmVisit(c, schedule, request, options);
      const levels = [...sigmas, last].map((value, i): NoiseLevel => {
        const sigma = Math.fround(value);
        const t = Math.trunc(timesteps[i] ?? 0);
        if (c.use_flow_sigmas) return { t, alpha: 1 - sigma, sigma };
        const alpha = 1 / Math.hypot(sigma, 1);
        return { t, alpha, sigma: sigma * alpha };
      });
      return { levels, schedule: process, initNoiseSigma: 1 };
    };
  };
}

function dpmVisit(
  c: Settings,
  schedule: DiscreteSchedule,
  request: TableRequest,
  options: DpmTableOptions,
): Visited & { readonly last: number } {
  if (request.sigmas && !c.use_flow_sigmas) {
    const { sigmas, timesteps } = custom(request.sigmas, schedule);
    return { sigmas: sigmas.slice(0, -1), timesteps, last: sigmas[sigmas.length - 1]! };
  }
  if (request.mu !== undefined && !c.use_flow_sigmas) {
    throw new RangeError(
      `Cannot set timesteps: mu is ${request.mu} while use_flow_sigmas is false; expected no mu`,
    );
  }
  const replaced = replacement(c, request, ends(schedule.sigmas), schedule);
  const spaced = c.use_flow_sigmas
    ? flowVisit(c, request, options.flow ?? "dpm", replaced)
    : replaced && replacedVisit(c, schedule, replaced, options);
  const repeats = options.repeatLast === "always" ||
    (options.repeatLast === "sigma_min" && c.final_sigmas_type === "sigma_min");
  const plain = options.inverse
    ? schedule.sigmas[clippedLength(c, schedule) - 1]! // the noisiest
    : options.repeatLast === "always"
    ? schedule.sigmas[0]!
    : finalSigma(c, schedule);
  if (spaced) {
    const turn = (values: readonly number[]) => options.inverse ? [...values].reverse() : values;
    const [sigmas, timesteps] = [turn(spaced.sigmas), turn(spaced.timesteps)];
    return { sigmas, timesteps, last: repeats ? sigmas[sigmas.length - 1]! : plain };
  }
  const visited = request.timesteps ?? dpmTimesteps(c, schedule, request.steps, options);
  return { sigmas: visited.map(schedule.sigmaAt), timesteps: visited, last: plain };
}

/** Which timesteps are rounded and which are cut follows diffusers, class by class. */
function replacedVisit(
  c: Settings,
  schedule: DiscreteSchedule,
  sigmas: readonly number[],
  { cutCosine }: DpmTableOptions,
): Visited {
  const times = sigmas.map(schedule.timestepOf);
  const rounds = (c.use_karras_sigmas || c.use_lu_lambdas) &&
    !(cutCosine && c.beta_schedule === "squaredcos_cap_v2");
  return { sigmas, timesteps: rounds ? times.map(roundHalfEven) : times };
}

/** Timesteps below `lambda_min_clipped` are never visited. */
function clippedLength(c: Settings, schedule: DiscreteSchedule): number {
  let clipped = 0;
  for (const sigma of schedule.sigmas) if (-Math.log(sigma) < c.lambda_min_clipped) clipped++;
  return c.num_train_timesteps - clipped;
}

function dpmTimesteps(
  c: Settings,
  schedule: DiscreteSchedule,
  steps: number,
  { inverse = false }: DpmTableOptions,
): readonly number[] {
  const spacing = c.timestep_spacing as TimestepSpacing;
  const length = clippedLength(c, schedule);
  if (spacing === "trailing") {
    const ratio = c.num_train_timesteps / steps;
    const visited = Array.from({ length: steps }, (_, i) => roundHalfEven(length - i * ratio) - 1);
    return inverse ? visited.reverse() : visited;
  }
  if (!inverse) {
    return timesteps(steps, { spacing, length, offset: c.steps_offset, dropLast: true });
  }
  if (spacing === "linspace") {
    return linspace(0, length - 1, steps + 1).map(roundHalfEven).slice(0, -1);
  }
  const ratio = Math.floor(length / (steps + 1));
  return Array.from({ length: steps }, (_, i) => i * ratio + c.steps_offset);
}

/**
 * Flow sigmas: Karras sigmas brought to flow scaling, or even ones, shifted.
 *
 * Wan et al. (2025), https://arxiv.org/abs/2503.20314, their code, in diffusers' two readings of
 * it.
 */
function flowVisit(
  c: Settings,
  request: TableRequest,
  reading: "dpm" | "unipc",
  replaced: readonly number[] | undefined,
): Visited {
  if (request.timesteps) {
    throw new RangeError(
      "Cannot set timesteps: timesteps are given while use_flow_sigmas is true; expected sigmas",
    );
  }
  const length = c.num_train_timesteps;
  const sigmas = replaced?.map((sigma) => sigma / (sigma + 1)) ??
    (reading === "dpm" ? dpmFlowSigmas(c, request) : unipcFlowSigmas(c, request));
  return { sigmas, timesteps: sigmas.map((sigma) => sigma * length) };
}

function dpmFlowSigmas(c: Settings, { steps, mu, sigmas }: TableRequest): number[] {
  const shift = mu === undefined ? c.flow_shift : Math.exp(mu);
  const even = linspace(1, 1 / c.num_train_timesteps, steps + 1).map((alpha) => 1 - alpha);
  return (sigmas ?? even.reverse().slice(0, -1)).map((sigma) => shiftSigma(sigma, shift));
}

function unipcFlowSigmas(c: Settings, { steps, mu, sigmas }: TableRequest): number[] {
  if (c.use_dynamic_shifting && mu === undefined) {
    throw new TypeError(
      "Cannot set timesteps: mu is undefined; expected a number, since use_dynamic_shifting is true",
    );
  }
  const type = c.time_shift_type as "exponential" | "linear";
  const even = linspace(1, 1 / c.num_train_timesteps, steps + 1).slice(0, -1);
  let shifted = (sigmas ?? even).map((sigma) =>
    c.use_dynamic_shifting ? timeShift(sigma, mu!, type) : shiftSigma(sigma, c.flow_shift)
  );
  if (c.shift_terminal) shifted = stretchToTerminal(shifted, c.shift_terminal);
  if (Math.abs(shifted[0]! - 1) < 1e-6) shifted[0]! -= 1e-6; // not quite pure noise
  return shifted;
}
