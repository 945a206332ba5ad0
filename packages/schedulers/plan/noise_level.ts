/** A point on the forward process, `x = alpha·x0 + sigma·eps` with `eps ~ N(0, I)`. */
export interface NoiseLevel {
  /** What the model is told: a training timestep, or a function of sigma. */
  readonly t: number;
  /** The scale of the data. */
  readonly alpha: number;
  /** The scale of the noise beside `alpha`; the Karras sigma is `sigma / alpha`. */
  readonly sigma: number;
}

/**
 * Half the log signal-to-noise ratio, `log(alpha / sigma)`; `Infinity` for clean data.
 *
 * Kingma et al. (2021), https://arxiv.org/abs/2107.00630, eq. 4, up to the factor 2.
 *
 * @param level The noise level.
 * @returns `log(alpha / sigma)`.
 *
 * @example As much signal as noise
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { lambda } from "@shum/schedulers";
 * assertEquals(lambda({ t: 0, alpha: 0.5, sigma: 0.5 }), 0);
 * ```
 */
export function lambda(level: NoiseLevel): number {
  return Math.log(level.alpha / level.sigma);
}

/**
 * `e^-h` with `h = lambda(t) - lambda(s)`: how much of the noise of `s` is left at `t`.
 *
 * Written without logarithms, so that `sigma = 0` at the end and `alpha = 0` at the start need no
 * special case.
 *
 * @param s The level at the start.
 * @param t The level at the end.
 * @returns `e^-h`, from 1 where the two are one level to 0 where `t` is clean.
 *
 * @example Half of the noise, and none
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decay } from "@shum/schedulers";
 * const s = { t: 9, alpha: 1, sigma: 2 };
 * assertEquals(decay(s, { t: 4, alpha: 1, sigma: 1 }), 0.5);
 * assertEquals(decay(s, { t: 0, alpha: 1, sigma: 0 }), 0);
 * ```
 */
export function decay(s: NoiseLevel, t: NoiseLevel): number {
  return (s.alpha * t.sigma) / (s.sigma * t.alpha);
}

/** From `s` to `t`, the `i`-th interval of the whole run. */
export type Interval = readonly [s: NoiseLevel, t: NoiseLevel, i: number];

/**
 * The intervals between neighbouring levels, from the `begin`-th level on.
 *
 * @param levels The noise levels of the run, the last one included.
 * @param begin The index of the level to start at.
 * @returns One interval for each pair of neighbours, with the index of its first level.
 *
 * @example The last of two intervals
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { intervals } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(intervals(levels, 1), [[levels[1]!, levels[2]!, 1]]);
 * ```
 */
export function intervals(levels: readonly NoiseLevel[], begin = 0): readonly Interval[] {
  const result: Interval[] = [];
  for (let i = begin; i + 1 < levels.length; i++) result.push([levels[i]!, levels[i + 1]!, i]);
  return result;
}
