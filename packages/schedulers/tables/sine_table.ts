import { linspace } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import type { TableMaker } from "./table.ts";

/**
 * iPNDM's levels: the noise's scale is `sin²` of an even ramp, the time input is an angle from 0 to 1.
 *
 * Crowson, https://github.com/crowsonkb/v-diffusion-pytorch, as diffusers' `IPNDMScheduler` has it.
 */
export const sineTable: TableMaker = (c) => {
  const at = (t: number): NoiseLevel => ({
    t,
    alpha: Math.cos((t * Math.PI) / 2),
    sigma: Math.sin((t * Math.PI) / 2),
  });
  const schedule: NoiseSchedule = {
    length: 1,
    at,
    atLambda: (lambda) => at((Math.atan(Math.exp(-lambda)) * 2) / Math.PI),
  };
  return ({ steps }) => {
    const sigmas = c.trained_betas ??
      linspace(1, 0, steps + 1).map((u) => Math.sin((u * Math.PI) / 2) ** 2);
    const levels = [...sigmas].map((sigma) => {
      const alpha = Math.sqrt(1 - sigma ** 2);
      return { t: (Math.atan2(sigma, alpha) * 2) / Math.PI, alpha, sigma };
    });
    return { levels, schedule, initNoiseSigma: 1 };
  };
};
