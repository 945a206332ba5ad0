import type { TimestepsOptions } from "../config/timesteps_options.ts";
import type { Settings } from "../config/settings.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import { betas, type BetaSchedule, rescaleZeroTerminalSnr } from "../schedules/betas.ts";
import { type DiscreteSchedule, discreteSchedule } from "../schedules/discrete.ts";

/** What a run is asked to visit: checked, and with the number of steps. */
export interface TableRequest extends TimestepsOptions {
  /** Noise levels, not counting the last. */
  readonly steps: number;
}

/** The noise levels of a run. */
export interface Table {
  /** The levels visited, and the one that the run ends at. */
  readonly levels: readonly NoiseLevel[];
  /** The process that they lie on, in the same scaling. */
  readonly schedule: NoiseSchedule;
  /** The deviation of the noise that a run starts from. */
  readonly initNoiseSigma: number;
}

/** Reads a config once, and then makes the table of each run. */
export type TableMaker = (settings: Settings) => (request: TableRequest) => Table;

/**
 * The schedule that a config's beta keys describe; `terminal` as in {@linkcode discreteSchedule}.
 */
export function trainedSchedule(c: Settings, terminal?: number): DiscreteSchedule {
  const { beta_start: start, beta_end: end } = c;
  const plain = c.trained_betas
    ? Float32Array.from(c.trained_betas)
    : betas(c.beta_schedule as BetaSchedule, { start, end, length: c.num_train_timesteps });
  if (!c.rescale_betas_zero_snr) return discreteSchedule(plain);
  const rescaled = rescaleZeroTerminalSnr(plain);
  return discreteSchedule(rescaled, { terminal });
}
