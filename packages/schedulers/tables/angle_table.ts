import { linspace } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import type { TableMaker } from "./table.ts";

/** `alpha = cos(t)`, `sigma = sin(t)`. */
const at = (t: number): NoiseLevel => ({ t, alpha: Math.cos(t), sigma: Math.sin(t) });
const schedule: NoiseSchedule = {
  length: Math.PI / 2,
  at,
  atLambda: (lambda) => at(Math.atan(Math.exp(-lambda))),
};

/**
 * TrigFlow, the levels of continuous-time consistency models: angles from just below π/2 to 0.
 *
 * Lu & Song (2024), https://arxiv.org/abs/2410.11081, section 3; two steps stop at 1.3, as in
 * SANA-Sprint, Chen et al. (2025), https://arxiv.org/abs/2503.09641.
 */
export const angleTable: TableMaker = () => ({ steps, timesteps }) => {
  const max = 1.5708;
  const angles = timesteps ?? (steps === 2 ? [max, 1.3, 0] : linspace(max, 0, steps + 1));
  return { levels: [...angles].map((t) => at(Math.fround(t))), schedule, initNoiseSigma: 1 };
};
