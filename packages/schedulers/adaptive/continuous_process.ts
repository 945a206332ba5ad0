import type { SchedulerConfig } from "../config/config.ts";
import { trainedProcess } from "../config/trained_process.ts";
import { epsilon, type Prediction, score } from "../plan/prediction.ts";
import { continuousView } from "../schedules/continuous_view.ts";
import { type Sde, veSde, vpSde } from "../schedules/sde.ts";
import type { ScoreSdeConfig } from "./score_sde.ts";

/** A model as a process in continuous time. */
export interface ContinuousProcess {
  /** The process. */
  readonly sde: Sde;
  /** How the network is used at any of its levels. */
  readonly prediction: Prediction;
}

/**
 * Reads from a `scheduler_config.json` the process in continuous time that a network belongs to: Song et
 * al.'s own, or the {@linkcode continuousView} of a discrete schedule.
 *
 * @param config The model's scheduler configuration.
 * @param scaling `"vp"` or `"ve"`; that of a score model is its own. Default `"vp"`.
 * @returns The process, for {@linkcode scoreSampler} and {@linkcode likelihood}.
 * @throws {RangeError | TypeError} if {@linkcode trainedProcess} would throw.
 *
 * @example A score model, and a discrete schedule
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { continuousProcess } from "@shum/schedulers";
 * const config = { _class_name: "ScoreSdeVeScheduler", sigma_max: 50 } as const;
 * assertEquals(continuousProcess(config).sde.prior, 50);
 * assertEquals(continuousProcess({ _class_name: "DDIMScheduler" }).sde.prior, 1);
 * ```
 */
export function continuousProcess(
  config: SchedulerConfig | ScoreSdeConfig,
  scaling: "vp" | "ve" = "vp",
): ContinuousProcess {
  const named = config as ScoreSdeConfig;
  if (named._class_name === "ScoreSdeVeScheduler") {
    const { sigma_min: sigmaMin = 0.01, sigma_max: sigmaMax = 1348 } = named;
    const prediction: Prediction = (level) => ({ ...score(level), cNoise: level.sigma });
    return { sde: veSde({ sigmaMin, sigmaMax }), prediction };
  }
  if (named._class_name === "ScoreSdeVpScheduler") {
    const { beta_min: betaMin = 0.1, beta_max: betaMax = 20 } = named;
    const sde = vpSde({ betaMin, betaMax });
    const timeOf = ({ alpha, sigma }: { readonly alpha: number; readonly sigma: number }) =>
      sde.atLambda(Math.log(alpha / sigma)).t;
    return { sde, prediction: (level) => ({ ...epsilon(level), cNoise: 999 * timeOf(level) }) };
  }
  const { schedule, prediction } = trainedProcess(config as SchedulerConfig);
  return { sde: continuousView(schedule, scaling), prediction };
}
