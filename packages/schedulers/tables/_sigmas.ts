import type { Settings } from "../config/settings.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";
import { type AlignYourStepsModel, alignYourStepsSigmas } from "../spacing/align_your_steps.ts";
import { betaSigmas } from "../spacing/beta.ts";
import { exponentialSigmas } from "../spacing/exponential.ts";
import { karrasSigmas, type SigmaRange } from "../spacing/karras.ts";
import { klOptimalSigmas } from "../spacing/kl_optimal.ts";
import { polyexponentialSigmas } from "../spacing/polyexponential.ts";
import type { TableRequest } from "./table.ts";

/** diffusers keeps the last `alpha²` of a zero-SNR schedule above 0 where sigmas are used. */
export const TERMINAL = 2 ** -24;

/** Sigmas and what the model is told at each of them, without the final sigma. */
export interface Visited {
  readonly sigmas: readonly number[];
  readonly timesteps: readonly number[];
}

/** Karras et al. (2022), https://arxiv.org/abs/2206.00364, table 1. */
const LARGEST_SPACED = 80;

/**
 * The sigmas that a config asks for instead of those of its timesteps.
 *
 * Where the largest is above `pure_noise_sigma`, most of a spacing in powers or logarithms of sigma
 * would be spent where there is only noise: it begins at 80. Quantiles of the beta distribution are
 * then taken over timesteps, as in ComfyUI, instead of over sigma; and aligned steps, whose first is the
 * last timestep of the model they were found for, begin at the last of this one.
 */
export function replacement(
  c: Settings,
  { steps, timesteps }: TableRequest,
  range: SigmaRange,
  schedule?: DiscreteSchedule,
): number[] | undefined {
  const spaced = c.use_karras_sigmas || c.use_exponential_sigmas || c.use_lu_lambdas ||
    c.use_beta_sigmas || c.sigma_spacing !== null;
  if (spaced && timesteps) {
    throw new RangeError(
      "Cannot set timesteps: timesteps are given while the config spaces the sigmas (use_..._sigmas " +
        "or sigma_spacing); expected only one of them",
    );
  }
  const fromNoise = c.sigma_max === null && range.max > c.pure_noise_sigma;
  const whole = { min: c.sigma_min ?? range.min, max: c.sigma_max ?? range.max };
  const ends = fromNoise ? { ...whole, max: LARGEST_SPACED } : whole;
  if (c.use_karras_sigmas || c.sigma_spacing === "karras") {
    return karrasSigmas(steps, { ...ends, rho: 7 });
  }
  if (c.use_exponential_sigmas || c.use_lu_lambdas || c.sigma_spacing === "exponential") {
    return exponentialSigmas(steps, ends);
  }
  if (c.use_beta_sigmas || c.sigma_spacing === "beta") {
    if (!fromNoise || !schedule) return betaSigmas(steps, whole);
    return betaSigmas(steps, { min: 0, max: schedule.length - 1 }).map(schedule.sigmaAt);
  }
  if (c.sigma_spacing === null) return undefined;
  if (c.sigma_spacing === "polyexponential") return polyexponentialSigmas(steps, ends);
  if (c.sigma_spacing === "kl_optimal") return klOptimalSigmas(steps, whole);
  const model = c.sigma_spacing.replace("align_your_steps_", "") as AlignYourStepsModel;
  const aligned = alignYourStepsSigmas(steps, model);
  return fromNoise ? [whole.max, ...aligned.slice(1)] : aligned;
}

/** The ends of a table, whichever way it runs. */
export function ends(sigmas: ArrayLike<number>): SigmaRange {
  const [a, b] = [sigmas[0]!, sigmas[sigmas.length - 1]!];
  return { min: Math.min(a, b), max: Math.max(a, b) };
}

/** Where a run ends: at 0, or for `sigma_min` at timestep 0. */
export function finalSigma(c: Settings, schedule: DiscreteSchedule): number {
  return c.final_sigmas_type === "sigma_min" ? schedule.sigmas[0]! : 0;
}

/** Custom sigmas include the final one. */
export function custom(sigmas: readonly number[], schedule: DiscreteSchedule): Visited {
  return { sigmas, timesteps: sigmas.slice(0, -1).map(schedule.timestepOf) };
}
