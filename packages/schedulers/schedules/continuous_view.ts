import type { NoiseLevel } from "../plan/noise_level.ts";
import type { DiscreteSchedule } from "./discrete.ts";
import type { Sde } from "./sde.ts";

/**
 * A discrete schedule as a process in continuous time, so that one network serves Langevin dynamics,
 * reverse SDEs, predictor-corrector sampling and the probability flow. Time 0 is timestep 0 and time
 * 1 the last timestep with data in it; in between, the logarithm of the Karras sigma is linear.
 *
 * `"vp"` is the scaling that the network was trained in. `"ve"` divides it by alpha: the sample is
 * `x / alpha`, its noise `sigma / alpha`, and its score `(x0 - x) / sigma²`. Both are one process, of
 * which Song et al. (2021), https://arxiv.org/abs/2011.13456, is the theory: from `sigma(t)` follow
 * the drift `(log alpha)'` and the squared diffusion `alpha²·((sigma / alpha)²)'`.
 *
 * A level's `t` is the time; {@linkcode trainedProcess} gives the prediction that tells the network the
 * timestep.
 *
 * @param schedule What the network was trained on.
 * @param scaling That of the samples; `"vp"` by default.
 * @returns The process. Its `at` throws a `RangeError` for a time outside 0 to 1.
 *
 * @example The level half way, in both scalings
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { betas, continuousView, discreteSchedule } from "@shum/schedulers";
 * const schedule = discreteSchedule(betas("linear", { start: 0.0001, end: 0.02, length: 1000 }));
 * const { alpha, sigma } = continuousView(schedule).at(499 / 999);
 * assertAlmostEquals(alpha ** 2, 0.078587234, 1e-7);
 * assertAlmostEquals(continuousView(schedule, "ve").at(499 / 999).sigma, sigma / alpha, 1e-7);
 * ```
 */
export function continuousView(schedule: DiscreteSchedule, scaling: "vp" | "ve" = "vp"): Sde {
  const logs = Array.from(schedule.sigmas, (sigma) => Math.log(sigma));
  const last = logs.findLastIndex(Number.isFinite);
  if (last < 1) {
    throw new RangeError(
      `Cannot view schedule in continuous time: it has ${
        last + 1
      } timesteps with data and noise; ` +
        `expected at least 2`,
    );
  }
  const segment = (time: number): [low: number, rest: number] => {
    const t = time * last;
    if (!(t >= 0 && t <= last)) {
      throw new RangeError(`Cannot look up time ${time}: expected a number from 0 to 1`);
    }
    const low = Math.min(Math.floor(t), last - 1);
    return [low, t - low];
  };
  const logSigma = (time: number): number => {
    const [low, rest] = segment(time);
    return logs[low]! + rest * (logs[low + 1]! - logs[low]!);
  };
  /** d log(sigma / alpha) / d time. */
  const slope = (time: number): number => {
    const [low] = segment(time);
    return last * (logs[low + 1]! - logs[low]!);
  };
  const level = (t: number, log: number): NoiseLevel => {
    const karras = Math.exp(log);
    if (scaling === "ve") return { t, alpha: 1, sigma: karras };
    const alpha = 1 / Math.hypot(1, karras);
    return { t, alpha, sigma: alpha * karras };
  };
  const at = (time: number): NoiseLevel => level(time, logSigma(time));
  return {
    length: 1,
    prior: scaling === "vp" ? 1 : Math.exp(logs[last]!),
    at,
    atLambda: (lambda) => level(schedule.timestepOf(Math.exp(-lambda)) / last, -lambda),
    drift: (time) => scaling === "ve" ? 0 : -(at(time).sigma ** 2) * slope(time),
    diffusion: (time) => at(time).sigma * Math.sqrt(2 * slope(time)),
  };
}
