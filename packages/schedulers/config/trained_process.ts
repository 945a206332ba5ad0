import type { SchedulerConfig } from "./config.ts";
import type { Prediction } from "../plan/prediction.ts";
import { resolve } from "./resolve.ts";
import type { DiscreteSchedule } from "../schedules/discrete.ts";
import { trainedSchedule } from "../tables/table.ts";

/** How a network was trained, whichever sampler its folder names. */
export interface TrainedProcess {
  /** The noise of each training timestep. */
  readonly schedule: DiscreteSchedule;
  /**
   * How the network is used at any level, in any scaling and between timesteps too: it is told the
   * timestep whose `sigma / alpha` the level has, whatever the level's own `t` is.
   */
  readonly prediction: Prediction;
}

/**
 * Reads from a `scheduler_config.json` how the network was trained, for samplers, bounds and
 * classifiers that choose their noise levels themselves.
 *
 * @param config The model's scheduler configuration.
 * @returns Its schedule and prediction.
 * @throws {RangeError | TypeError} if `Scheduler.fromConfig` would throw, and if the model matches flows or is
 * EDM's, which have no timesteps.
 *
 * @example What a network is told between its timesteps
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { trainedProcess } from "@shum/schedulers";
 * const { schedule, prediction } = trainedProcess({ _class_name: "EulerDiscreteScheduler" });
 * const sigma = schedule.sigmas[500]!;
 * assertAlmostEquals(prediction({ t: 0, alpha: 1, sigma }).cNoise, 500, 1e-3);
 * ```
 */
export function trainedProcess(config: SchedulerConfig): TrainedProcess {
  const { className, settings, prediction } = resolve(config);
  const flow = settings.use_flow_sigmas || settings.prediction_type === "flow_prediction";
  if (flow || /^(FlowMatch|EDM)/.test(className)) {
    throw new RangeError(
      `Cannot read training timesteps: _class_name is "${className}"` +
        (flow ? " with flow sigmas" : "") +
        "; expected a model that was trained on betas, such as " +
        "Stable Diffusion 1, 2 or XL",
    );
  }
  const schedule = trainedSchedule(settings);
  return {
    schedule,
    prediction: (level) =>
      prediction({ ...level, t: schedule.timestepOf(level.sigma / level.alpha) }),
  };
}
