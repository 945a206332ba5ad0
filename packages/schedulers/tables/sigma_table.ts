import type { Settings } from "../settings.ts";
import { linspace, linspace32, roundHalfEven } from "../_numeric.ts";
import type { NoiseLevel } from "../noise_level.ts";
import { varianceExploding } from "../noise_schedule.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";
import { edmLevel, edmSchedule } from "../schedules/edm.ts";
import { flowSchedule, shiftSigma, stretchToTerminal, timeShift } from "../schedules/flow.ts";
import { type AlignYourStepsModel, alignYourStepsSigmas } from "../spacing/align_your_steps.ts";
import { betaSigmas } from "../spacing/beta.ts";
import { exponentialSigmas } from "../spacing/exponential.ts";
import { karrasSigmas, type SigmaRange } from "../spacing/karras.ts";
import { klOptimalSigmas } from "../spacing/kl_optimal.ts";
import { polyexponentialSigmas } from "../spacing/polyexponential.ts";
import { timesteps, type TimestepSpacing } from "../spacing/timesteps.ts";
import { type TableMaker, type TableRequest, trainedSchedule } from "./table.ts";

/** diffusers keeps the last `alpha²` of a zero-SNR schedule above 0 where sigmas are used. */
const TERMINAL = 2 ** -24;

/** Sigmas and what the model is told at each of them, without the final sigma. */
interface Visited {
  readonly sigmas: readonly number[];
  readonly timesteps: readonly number[];
}

/** The sigmas that a config asks for instead of those of its timesteps. */
function replacement(
  c: Settings,
  { steps, timesteps }: TableRequest,
  range: SigmaRange,
): number[] | undefined {
  const spaced = c.use_karras_sigmas || c.use_exponential_sigmas || c.use_lu_lambdas ||
    c.use_beta_sigmas || c.sigma_spacing !== null;
  if (spaced && timesteps) {
    throw new RangeError(
      "Cannot set timesteps: timesteps are given while the config spaces the sigmas (use_..._sigmas " +
        "or sigma_spacing); expected only one of them",
    );
  }
  const ends = { min: c.sigma_min ?? range.min, max: c.sigma_max ?? range.max };
  if (c.use_karras_sigmas) return karrasSigmas(steps, { ...ends, rho: 7 });
  if (c.use_exponential_sigmas || c.use_lu_lambdas) return exponentialSigmas(steps, ends);
  if (c.use_beta_sigmas) return betaSigmas(steps, ends);
  if (c.sigma_spacing === null) return undefined;
  if (c.sigma_spacing === "polyexponential") return polyexponentialSigmas(steps, ends);
  if (c.sigma_spacing === "kl_optimal") return klOptimalSigmas(steps, ends);
  const model = c.sigma_spacing.replace("align_your_steps_", "") as AlignYourStepsModel;
  return alignYourStepsSigmas(steps, model);
}

const ends = (sigmas: ArrayLike<number>): SigmaRange => {
  const [a, b] = [sigmas[0]!, sigmas[sigmas.length - 1]!];
  return { min: Math.min(a, b), max: Math.max(a, b) };
};

/** `sigma_min` is the sigma of timestep 0. */
const finalSigma = (c: Settings, schedule: DiscreteSchedule): number =>
  c.final_sigmas_type === "sigma_min" ? schedule.sigmas[0]! : 0;

/**
 * The Euler family: VE scaling, fractional timesteps. Replacement sigmas span those of the chosen
 * timesteps.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, section 3, over discrete training noise.
 * `whole` are the classes that round the timesteps of Karras sigmas.
 */
export function veTable({ whole = false }: { whole?: boolean } = {}): TableMaker {
  return (c) => {
    const schedule = trainedSchedule(c, TERMINAL);
    const continuous = c.timestep_type === "continuous" && c.prediction_type === "v_prediction";
    return (request) => {
      const { sigmas, timesteps } = request.sigmas
        ? custom(request.sigmas, schedule)
        : veVisit(c, schedule, request, whole);
      const all = request.sigmas ? sigmas : [...sigmas, finalSigma(c, schedule)];
      const levels = all.slice(0, timesteps.length + 1).map((value, i): NoiseLevel => {
        const sigma = Math.fround(value);
        return edmLevel(sigma, continuous ? Math.log(sigma) / 4 : Math.fround(timesteps[i] ?? 0));
      });
      const max = ends(all.map(Math.fround)).max;
      return {
        levels,
        schedule: continuous ? edmSchedule() : varianceExploding(schedule),
        initNoiseSigma: c.timestep_spacing === "leading" ? Math.hypot(max, 1) : max,
      };
    };
  };
}

function veVisit(
  c: Settings,
  schedule: DiscreteSchedule,
  request: TableRequest,
  whole: boolean,
): Visited {
  const { steps, timesteps: asked } = request;
  const visited = asked ?? timesteps(steps, {
    spacing: c.timestep_spacing as TimestepSpacing,
    length: c.num_train_timesteps,
    offset: c.steps_offset,
    whole: false,
  });
  let sigmas = visited.map(schedule.sigmaAt);
  if (c.interpolation_type === "log_linear") {
    const { min, max } = ends(schedule.sigmas);
    sigmas = [...linspace32(Math.log(max), Math.log(min), steps + 1).map(Math.exp)];
  }
  const replaced = replacement(c, request, ends(sigmas));
  if (!replaced) return { sigmas, timesteps: visited };
  const times = replaced.map(schedule.timestepOf);
  return {
    sigmas: replaced,
    timesteps: whole && c.use_karras_sigmas ? times.map(roundHalfEven) : times,
  };
}

/** Custom sigmas include the final one. */
function custom(sigmas: readonly number[], schedule: DiscreteSchedule): Visited {
  return { sigmas, timesteps: sigmas.slice(0, -1).map(schedule.timestepOf) };
}

/** How the classes of the DPM-Solver family differ in their tables. */
export interface DpmTableOptions {
  /** What `use_flow_sigmas` means. */
  readonly flow?: "dpm" | "unipc";
  /** Whether replaced sigmas end by repeating the last (always, or for `sigma_min`). */
  readonly repeatLast?: "always" | "sigma_min";
  /** Whether Karras timesteps of a squared-cosine schedule are cut, not rounded. */
  readonly cutCosine?: boolean;
  /** Ascending: from data to noise. */
  readonly inverse?: boolean;
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
  const range = ends(schedule.sigmas);
  const replaced = replacement(c, request, range);
  const plain = options.inverse ? noisiest(c, schedule) : finalSigma(c, schedule);
  const zero = c.final_sigmas_type === "zero" && options.repeatLast !== "always";
  if (replaced) {
    if (options.inverse) replaced.reverse();
    const repeated = options.repeatLast && !zero;
    if (c.use_flow_sigmas) {
      const sigmas = replaced.map((sigma) => sigma / (sigma + 1));
      const timesteps = sigmas.map((sigma) => sigma * c.num_train_timesteps);
      return { sigmas, timesteps, last: repeated ? sigmas[sigmas.length - 1]! : plain };
    }
    const times = replaced.map(schedule.timestepOf);
    const rounds = (c.use_karras_sigmas || c.use_lu_lambdas) &&
      !(options.cutCosine && c.beta_schedule === "squaredcos_cap_v2");
    return {
      sigmas: replaced,
      timesteps: rounds ? times.map(roundHalfEven) : times,
      last: repeated ? replaced[replaced.length - 1]! : plain,
    };
  }
  if (c.use_flow_sigmas) {
    const sigmas = flowSigmas(c, request, options.flow ?? "dpm");
    if (options.inverse) sigmas.reverse();
    const timesteps = sigmas.map((sigma) => sigma * c.num_train_timesteps);
    const repeated = options.repeatLast && !zero;
    return { sigmas, timesteps, last: repeated ? sigmas[sigmas.length - 1]! : plain };
  }
  const visited = request.timesteps ?? dpmTimesteps(c, schedule, request.steps, options);
  const sigmas = visited.map(schedule.sigmaAt);
  const repeatsFirst = options.repeatLast === "always" && !options.inverse;
  return { sigmas, timesteps: visited, last: repeatsFirst ? schedule.sigmas[0]! : plain };
}

/** Timesteps below `lambda_min_clipped` are never visited. */
function clippedLength(c: Settings, schedule: DiscreteSchedule): number {
  let clipped = 0;
  for (const sigma of schedule.sigmas) if (-Math.log(sigma) < c.lambda_min_clipped) clipped++;
  return c.num_train_timesteps - clipped;
}

function noisiest(c: Settings, schedule: DiscreteSchedule): number {
  return schedule.sigmas[clippedLength(c, schedule) - 1]!;
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

/** Wan et al. (2025), https://arxiv.org/abs/2503.20314, their code; two readings of it. */
function flowSigmas(c: Settings, request: TableRequest, reading: "dpm" | "unipc"): number[] {
  const { steps, mu } = request;
  const length = c.num_train_timesteps;
  if (reading === "dpm") {
    const shift = mu === undefined ? c.flow_shift : Math.exp(mu);
    const shifted = linspace(1, 1 / length, steps + 1).map((a) => shiftSigma(1 - a, shift));
    return shifted.reverse().slice(0, -1);
  }
  let sigmas = [...(request.sigmas ?? linspace(1, 1 / length, steps + 1).slice(0, -1))];
  const type = c.time_shift_type as "exponential" | "linear";
  sigmas = sigmas.map((sigma) =>
    mu !== undefined && c.use_dynamic_shifting
      ? timeShift(sigma, mu, type)
      : shiftSigma(sigma, c.flow_shift)
  );
  if (c.shift_terminal) sigmas = stretchToTerminal(sigmas, c.shift_terminal);
  if (Math.abs(sigmas[0]! - 1) < 1e-6) sigmas[0]! -= 1e-6;
  return sigmas;
}
