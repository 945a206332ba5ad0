import type { Settings } from "../config/settings.ts";
import { linspace32, roundHalfEven } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { varianceExploding } from "../plan/noise_schedule.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";
import { edmLevel, edmSchedule } from "../schedules/edm.ts";
import { timesteps, type TimestepSpacing } from "../spacing/timesteps.ts";
import { custom, ends, finalSigma, replacement, TERMINAL, type Visited } from "./_sigmas.ts";
import { type TableMaker, type TableRequest, trainedSchedule } from "./table.ts";

/**
 * The Euler family: VE scaling, fractional timesteps. Replacement sigmas span those of the chosen
 * timesteps.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, section 3, over discrete training noise.
 * `whole` are the classes that round the timesteps of Karras sigmas.
 */
export function veTable({ whole = false }: { whole?: boolean | undefined } = {}): TableMaker {
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
  const replaced = replacement(c, request, ends(sigmas), schedule);
  if (!replaced) return { sigmas, timesteps: visited };
  const times = replaced.map(schedule.timestepOf);
  return {
    sigmas: replaced,
    timesteps: whole && c.use_karras_sigmas ? times.map(roundHalfEven) : times,
  };
}
