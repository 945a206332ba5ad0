import type { NoiseLevel } from "./noise_level.ts";

/** How data was corrupted in training, and the inverse of that map. */
export interface NoiseSchedule {
  /** How many training timesteps there are; for a continuous schedule, how far `t` reaches. */
  readonly length: number;
  /** The level at timestep `t`, which need not be whole. */
  at(t: number): NoiseLevel;
  /** The level at which `log(alpha / sigma)` is `lambda`. */
  atLambda(lambda: number): NoiseLevel;
}

/**
 * The same schedule in variance-exploding scaling: `alpha = 1`, `sigma` is the Karras sigma.
 *
 * @param schedule A schedule in any scaling.
 * @returns The schedule with `alpha = 1` everywhere.
 *
 * @example Sigma at lambda -1
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { edmSchedule, varianceExploding, variancePreserving } from "@shum/schedulers";
 * const level = varianceExploding(variancePreserving(edmSchedule())).atLambda(-1);
 * assertEquals(level.alpha, 1);
 * assertAlmostEquals(level.sigma, Math.E);
 * ```
 */
export function varianceExploding(schedule: NoiseSchedule): NoiseSchedule {
  return view(schedule, ({ t, alpha, sigma }) => ({ t, alpha: 1, sigma: sigma / alpha }));
}

/**
 * The same schedule in variance-preserving scaling: `alpha² + sigma² = 1`.
 *
 * @param schedule A schedule in any scaling.
 * @returns The schedule with `alpha² + sigma² = 1` everywhere.
 *
 * @example Squares that sum to 1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { edmSchedule, variancePreserving } from "@shum/schedulers";
 * const { alpha, sigma } = variancePreserving(edmSchedule()).atLambda(1);
 * assertAlmostEquals(alpha ** 2 + sigma ** 2, 1);
 * ```
 */
export function variancePreserving(schedule: NoiseSchedule): NoiseSchedule {
  return view(schedule, ({ t, alpha, sigma }) => {
    const n = Math.hypot(alpha, sigma);
    return { t, alpha: alpha / n, sigma: sigma / n };
  });
}

function view(schedule: NoiseSchedule, map: (level: NoiseLevel) => NoiseLevel): NoiseSchedule {
  return {
    length: schedule.length,
    at: (t) => map(schedule.at(t)),
    atLambda: (lambda) => map(schedule.atLambda(lambda)),
  };
}
