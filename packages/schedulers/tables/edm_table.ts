import { edmLevel, edmSchedule } from "../schedules/edm.ts";
import { exponentialSigmas } from "../spacing/exponential.ts";
import { karrasSigmas } from "../spacing/karras.ts";
import type { TableMaker } from "./table.ts";

/**
 * Karras et al.'s own: sigmas from `sigma_max` to `sigma_min`, the time input is `log(sigma) / 4`.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, table 1.
 */
export const edmTable: TableMaker = (c) => {
  const range = { min: c.sigma_min ?? 0.002, max: c.sigma_max ?? 80 };
  const schedule = edmSchedule({ length: c.num_train_timesteps });
  return ({ steps, sigmas: custom }) => {
    const spaced = c.sigma_schedule === "karras"
      ? karrasSigmas(steps, { ...range, rho: c.rho })
      : exponentialSigmas(steps, range);
    const last = c.final_sigmas_type === "zero" ? 0 : spaced[steps - 1]!;
    const sigmas = (custom ?? [...spaced, last]).map(Math.fround);
    const levels = sigmas.map((sigma) => sigma === 0 ? edmLevel(0, 0) : edmLevel(sigma));
    return { levels, schedule, initNoiseSigma: Math.hypot(range.max, 1) };
  };
};

/**
 * Consistency models: Karras sigmas indexed by a "timestep" of 0 to T - 1, where 0 is the noisiest;
 * they end at `sigma_min`, where the model returns its input.
 *
 * Song et al. (2023), https://arxiv.org/abs/2303.01469, section 2 and appendix C.
 */
export const consistencyTable: TableMaker = (c) => {
  const [min, max] = [c.sigma_min ?? 0.002, c.sigma_max ?? 80];
  const length = c.num_train_timesteps;
  const schedule = edmSchedule({ length });
  const [a, b] = [max ** (1 / c.rho), min ** (1 / c.rho)];
  return ({ steps, timesteps }) => {
    const ratio = Math.floor(length / steps);
    const visited = timesteps ?? Array.from({ length: steps }, (_, i) => (steps - 1 - i) * ratio);
    const levels = [...visited].reverse().map((index) => {
      const sigma = Math.fround((a + (index / (length - 1)) * (b - a)) ** c.rho);
      return edmLevel(sigma, 250 * Math.log(sigma + 1e-44));
    });
    return { levels: [...levels, edmLevel(min, 0)], schedule, initNoiseSigma: max };
  };
};

/**
 * diffusers' `KarrasVeScheduler`: geometric from `sigma_max²` to `sigma_min²`. Its table squares
 * the sigmas, as the code it was ported from; kept, for models that were sampled so.
 */
export const karrasVeTable: TableMaker = (c) => {
  const [min, max] = [c.sigma_min ?? 0.02, c.sigma_max ?? 100];
  const sigmas = (steps: number) =>
    Array.from({ length: steps }, (_, i) => {
      const k = steps - 1 - i; // descending
      return Math.fround(max ** 2 * (min ** 2 / max ** 2) ** ((steps - 1 - k) / (steps - 1 || 1)));
    });
  return ({ steps }) => ({
    levels: [...sigmas(steps), 0].map((sigma) => edmLevel(sigma, sigma)),
    schedule: { ...edmSchedule(), atLambda: (l) => edmLevel(Math.exp(-l), Math.exp(-l)) },
    initNoiseSigma: max,
  });
};
