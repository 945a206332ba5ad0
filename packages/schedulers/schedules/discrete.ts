import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import { alphasCumprod } from "./betas.ts";

/** A schedule over whole training timesteps, with its tables. */
export interface DiscreteSchedule extends NoiseSchedule {
  /** The variance that each step adds. */
  readonly betas: Float32Array;
  /** `alpha²` at each timestep, in VP scaling. */
  readonly alphasCumprod: Float32Array;
  /** The Karras sigma, `sigma / alpha`, at each timestep. */
  readonly sigmas: Float32Array;
  /** The Karras sigma at `t`, linear between timesteps. */
  sigmaAt(t: number): number;
  /** The timestep of a Karras sigma, linear in its logarithm; not below 0 or above the last. */
  timestepOf(sigma: number): number;
}

const f32 = Math.fround;

/**
 * The forward process that a sequence of betas makes, in VP scaling.
 *
 * Ho et al. (2020), https://arxiv.org/abs/2006.11239, eq. 4. `terminal` replaces the last `alpha²`,
 * for samplers that cannot start at 0.
 *
 * @param betas The betas.
 * @param options What replaces the last `alpha²`, if anything.
 * @returns The schedule. Its `at` throws a `RangeError` for a timestep that is outside its tables.
 *
 * @example The middle of a linear schedule
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { betas, discreteSchedule } from "@shum/schedulers";
 * const linear = betas("linear", { start: 0.0001, end: 0.02, length: 1000 });
 * const { alpha, sigma } = discreteSchedule(linear).at(499);
 * assertAlmostEquals(alpha ** 2, 0.078587234, 1e-8);
 * assertAlmostEquals(alpha ** 2 + sigma ** 2, 1, 1e-7);
 * ```
 */
export function discreteSchedule(
  betas: Float32Array,
  { terminal }: { terminal?: number | undefined } = {},
): DiscreteSchedule {
  const bars = alphasCumprod(betas);
  const length = bars.length;
  if (terminal !== undefined) bars[length - 1] = terminal;
  const sigmas = bars.map((bar) => Math.sqrt(f32(f32(1 - bar) / bar)));
  const logs = sigmas.map(Math.log);

  function sigmaAt(t: number): number {
    const low = Math.min(Math.max(Math.floor(t), 0), length - 1);
    const from = sigmas[low]!;
    return from + (t - low) * ((sigmas[low + 1] ?? from) - from);
  }
  function timestepOf(sigma: number): number {
    const log = Math.log(Math.max(sigma, 1e-10));
    let [low, high] = [0, length - 2]; // the last index whose sigma is not above, or 0
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (logs[middle]! <= log) low = middle;
      else high = middle - 1;
    }
    const [from, to] = [logs[low]!, logs[low + 1]!];
    return low + Math.min(Math.max((log - from) / (to - from), 0), 1);
  }
  function at(t: number): NoiseLevel {
    if (!(t >= 0 && t <= length - 1)) {
      throw new RangeError(
        `Cannot look up timestep ${t}: expected a number from 0 to ${length - 1}`,
      );
    }
    if (!Number.isInteger(t)) return ofSigma(t, sigmaAt(t));
    const bar = bars[t]!;
    return { t, alpha: Math.sqrt(bar), sigma: Math.sqrt(f32(1 - bar)) };
  }
  function ofSigma(t: number, sigma: number): NoiseLevel {
    const alpha = 1 / Math.hypot(sigma, 1);
    return { t, alpha, sigma: sigma * alpha };
  }
  return {
    length,
    betas,
    alphasCumprod: bars,
    sigmas,
    sigmaAt,
    timestepOf,
    at,
    atLambda: (lambda) => ofSigma(timestepOf(Math.exp(-lambda)), Math.exp(-lambda)),
  };
}
