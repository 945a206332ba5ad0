import type { Settings } from "../config/settings.ts";
import { linspace, roundHalfEven } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";
import { timesteps, type TimestepSpacing } from "../spacing/timesteps.ts";
import { ends, replacement } from "./_sigmas.ts";
import { type Table, type TableMaker, type TableRequest, trainedSchedule } from "./table.ts";

/** Which timesteps a run visits, descending. */
type Visit = (settings: Settings, request: TableRequest) => readonly number[];

/**
 * A table of whole training timesteps in VP scaling, unless `sigma_spacing` asks for others; `last`
 * is the level that a run ends at.
 */
function vpTable(
  visit: Visit,
  last: (settings: Settings, schedule: DiscreteSchedule) => NoiseLevel,
): TableMaker {
  return (c) => {
    const schedule = trainedSchedule(c);
    return (request) => {
      const spaced = replacement(c, request, ends(schedule.sigmas), schedule);
      const visited = spaced
        ? spaced.map((sigma) => schedule.atLambda(-Math.log(sigma)))
        : (request.timesteps ?? visit(c, request)).map((t) => schedule.at(t));
      const levels = [...visited, last(c, schedule)];
      return { levels, schedule, initNoiseSigma: 1 };
    };
  };
}

/** Before timestep 0. */
const CLEAN: NoiseLevel = { t: -1, alpha: 1, sigma: 0 };

const spaced: Visit = (c, { steps }) =>
  timesteps(steps, {
    spacing: c.timestep_spacing as TimestepSpacing,
    length: c.num_train_timesteps,
    offset: c.steps_offset,
  });

/** Where DDIM and PNDM end: clean, or (Stable Diffusion) at timestep 0. */
const alphaOneOrFirst = (c: Settings, schedule: DiscreteSchedule): NoiseLevel =>
  c.set_alpha_to_one ? CLEAN : schedule.at(0);

/** DDPM: from spaced timesteps to a clean sample. */
export const ddpmTable: TableMaker = vpTable(spaced, () => CLEAN);

/** DDIM and PNDM: from spaced timesteps to a clean sample, or to timestep 0. */
export const ddimTable: TableMaker = vpTable(spaced, alphaOneOrFirst);

/** UnCLIP: evenly spaced, both ends included. */
export const unclipTable: TableMaker = vpTable(
  (c, { steps }) =>
    steps === 1
      ? [0] // as diffusers: 0·(T - 1)
      : linspace(0, c.num_train_timesteps - 1, steps).map(roundHalfEven).reverse(),
  () => CLEAN,
);

/**
 * The timesteps of a consistency distillation: every k-th of training, of which some are visited.
 *
 * Luo et al. (2023), https://arxiv.org/abs/2310.04378, section 4.3 and diffusers' reading of it.
 */
function distilled(c: Settings, request: TableRequest, dense: boolean): readonly number[] {
  const length = c.num_train_timesteps;
  const strength = request.strength ?? 1;
  const original = request.originalInferenceSteps ?? c.original_inference_steps;
  if (original > length) {
    throw new RangeError(
      `Cannot space timesteps: original_inference_steps is ${original}; expected at most ${length}`,
    );
  }
  const k = Math.floor(length / original);
  const origin = dense
    ? Array.from({ length: Math.floor(length * strength) }, (_, i) => i)
    : Array.from({ length: Math.floor(original * strength) }, (_, i) => (i + 1) * k - 1);
  if (request.steps > origin.length) {
    throw new RangeError(
      `Cannot space timesteps: ${request.steps} steps of a distillation schedule of ` +
        `${origin.length}; expected at most that many. Raise original_inference_steps or strength.`,
    );
  }
  origin.reverse();
  return Array.from(
    { length: request.steps },
    (_, i) => origin[Math.floor((i * origin.length) / request.steps)]!,
  );
}

/** LCM. */
export const lcmTable: TableMaker = vpTable(
  (c, request) => distilled(c, request, false),
  alphaOneOrFirst,
);

/** TCD, which spaces over all timesteps where the length of its schedule is asked for. */
export const tcdTable: TableMaker = vpTable(
  (c, request) => distilled(c, request, request.originalInferenceSteps !== undefined),
  (_, schedule) => schedule.at(0),
);

/**
 * DDIM's inverse: ascending. The sample lies one spacing below the timestep that the model is given,
 * which is the usual approximation: it is where the step will end.
 *
 * Mokady et al. (2022), https://arxiv.org/abs/2211.09794, section 3.2.
 */
export const ddimInverseTable: TableMaker = (c) => {
  const schedule = trainedSchedule(c);
  return ({ steps }): Table => {
    const visited = timesteps(steps, {
      spacing: c.timestep_spacing as TimestepSpacing,
      length: c.num_train_timesteps,
      offset: c.steps_offset,
    }).reverse();
    const ratio = Math.floor(c.num_train_timesteps / steps);
    const first = visited[0]! - ratio;
    const from = first >= 0 ? schedule.at(first) : alphaOneOrFirst(c, schedule);
    const states = [from, ...visited.map((t) => schedule.at(t))];
    const levels = states.map((level, i) => ({ ...level, t: visited[i] ?? level.t }));
    return { levels, schedule, initNoiseSigma: 1 };
  };
};
