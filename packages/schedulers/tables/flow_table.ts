import type { Settings } from "../config/settings.ts";
import { linspace } from "../_numeric.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { flowSchedule, shiftSigma, stretchToTerminal, timeShift } from "../schedules/flow.ts";
import { ends, replacement } from "./_sigmas.ts";
import type { TableMaker, TableRequest } from "./table.ts";

/**
 * The flow-matching family: flow scaling, `t = sigma·T`.
 *
 * Esser et al. (2024), https://arxiv.org/abs/2403.03206, section 5.3.2. As in diffusers, the static
 * shift is applied to the training range and then to the spaced sigmas, so that the last has it twice.
 */
export const flowTable: TableMaker = (c) => {
  const length = c.num_train_timesteps;
  const static_ = (sigma: number) => shiftSigma(sigma, c.shift);
  const min = Math.fround(c.use_dynamic_shifting ? 1 / length : static_(Math.fround(1 / length)));
  return (request) => {
    if (c.use_dynamic_shifting && request.mu === undefined) {
      throw new TypeError(
        "Cannot set timesteps: mu is undefined; expected a number, since use_dynamic_shifting is " +
          "true. dynamicShift() computes it from the image's size.",
      );
    }
    const sigmas = spaced(c, request, min).map(Math.fround);
    const times = request.timesteps ?? sigmas.map((sigma) => Math.fround(sigma * length));
    const all = [...sigmas, 0];
    const levels = all.map((value, i): NoiseLevel => {
      if (!c.invert_sigmas) return { t: times[i] ?? 0, alpha: 1 - value, sigma: value };
      const sigma = Math.fround(1 - value);
      return { t: Math.fround(sigma * length), alpha: 1 - sigma, sigma };
    });
    return { levels, schedule: flowSchedule({ length }), initNoiseSigma: 1 };
  };
};

/**
 * Flow maps: as {@linkcode flowTable}, from 1 to just above 0, shifted once.
 *
 * Boffi et al. (2024), https://arxiv.org/abs/2406.07507; diffusers'
 * `FlowMapEulerDiscreteScheduler`.
 */
export const flowMapTable: TableMaker = (c) => {
  const length = c.num_train_timesteps;
  return ({ steps, timesteps, sigmas }) => {
    const plain = sigmas ?? timesteps?.map((t) => t / length) ??
      linspace(1, 0, steps + 1).slice(0, -1);
    const levels = [...plain.map((sigma) => shiftSigma(sigma, c.shift)), 0]
      .map((sigma) => ({ t: sigma * length, alpha: 1 - sigma, sigma }));
    return { levels, schedule: flowSchedule({ length }), initNoiseSigma: 1 };
  };
};

function spaced(
  c: Settings,
  { steps, timesteps, sigmas, mu }: TableRequest,
  min: number,
): number[] {
  const length = c.num_train_timesteps;
  const unshifted = sigmas?.map(Math.fround) ?? timesteps?.map((t) => t / length) ??
    linspace(length, length * min, steps).map((t) => t / length);
  const type = c.time_shift_type as "exponential" | "linear";
  let result = unshifted.map((sigma) =>
    c.use_dynamic_shifting ? timeShift(sigma, mu!, type) : shiftSigma(sigma, c.shift)
  );
  if (c.shift_terminal) result = stretchToTerminal(result, c.shift_terminal);
  if (c.sigma_spacing?.startsWith("align_your_steps")) {
    throw new RangeError(
      `Cannot set timesteps: sigma_spacing is "${c.sigma_spacing}", which is not for flow matching; ` +
        `expected another spacing, or none`,
    );
  }
  return replacement(c, { steps: result.length }, ends(result)) ?? result;
}
