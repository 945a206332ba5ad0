import { linspace32 } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import { betas } from "../schedules/betas.ts";
import { discreteSchedule } from "../schedules/discrete.ts";
import type { TableMaker } from "./table.ts";

const f32 = Math.fround;

/**
 * Würstchen's levels: a continuous cosine schedule, the time input goes from 1 to 0.
 *
 * Pernias et al. (2023), https://arxiv.org/abs/2306.00637, their code; the schedule of
 * Nichol & Dhariwal (2021), https://arxiv.org/abs/2102.09672, eq. 17, bent by `scaler`.
 */
export const wuerstchenTable: TableMaker = (c) => {
  const s = f32(c.s);
  const bar = (t: number) => f32(Math.cos(f32(((t + s) / (1 + s)) * Math.PI * 0.5)) ** 2);
  const at = (t: number): NoiseLevel => {
    const bent = c.scaler > 1 ? 1 - (1 - t) ** c.scaler : c.scaler < 1 ? t ** c.scaler : t;
    const alpha2 = Math.min(Math.max(f32(bar(bent) / bar(0)), f32(0.0001)), f32(0.9999));
    return { t, alpha: Math.sqrt(alpha2), sigma: Math.sqrt(f32(1 - alpha2)) };
  };
  const schedule: NoiseSchedule = {
    length: 1,
    at,
    atLambda(lambda) {
      const alpha = 1 / Math.hypot(1, Math.exp(-lambda));
      const angle = Math.acos(alpha * Math.sqrt(bar(0)));
      return { t: (angle * 2 * (1 + s)) / Math.PI - s, alpha, sigma: Math.exp(-lambda) * alpha };
    },
  };
  return ({ steps, timesteps }) => ({
    levels: [...(timesteps ?? linspace32(1, 0, steps + 1))].map(at),
    schedule,
    initNoiseSigma: 1,
  });
};

/**
 * The two timesteps at which Stable Diffusion's consistency decoder is called.
 *
 * OpenAI (2023), https://github.com/openai/consistencydecoder.
 */
export const consistencyDecoderTable: TableMaker = (c) => {
  const table = betas("squaredcos_cap_v2", { start: 0, end: 0, length: c.num_train_timesteps });
  const schedule = discreteSchedule(table);
  return ({ steps, timesteps = [1008, 512] }) => {
    if (steps !== timesteps.length) {
      throw new RangeError(`Cannot set timesteps: steps is ${steps}; expected ${timesteps.length}`);
    }
    const levels = timesteps.map((t) => schedule.at(t));
    const clean = { t: -1, alpha: 1, sigma: 0 };
    return { levels: [...levels, clean], schedule, initNoiseSigma: levels[0]!.sigma };
  };
};
