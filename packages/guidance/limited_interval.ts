/**
 * Guidance in a part of the run only.
 *
 * @module
 */
import { positiveOnly } from "./_combine.ts";
import type { Guidance, Progress } from "./guidance.ts";

/** Options of {@linkcode limitedInterval}. */
export interface LimitedIntervalOptions {
  /**
   * What the interval bounds: the fraction of model calls done, `[from, to)` (default; what diffusers
   * calls `start` and `stop`), or the Karras noise level sigma / alpha, `(from, to]`, as in the paper.
   */
  readonly by?: "fraction" | "sigma" | undefined;
}

/**
 * Wraps any guidance so that it acts in an interval only; outside, the positive prediction stands
 * alone and the other evaluations are saved. Kynkäänniemi et al. (2024),
 * https://arxiv.org/abs/2404.07724, eq. 4: guidance harms at high noise and is useless at low noise.
 *
 * @param guidance What to wrap.
 * @param interval From and to.
 * @param options What the interval bounds.
 * @returns A guidance whose branches are only `positive` outside.
 * @throws {RangeError} if the interval is empty, reversed or (for fractions) not within 0..1.
 *
 * @example The middle of the run
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifierFree, limitedInterval } from "@shum/guidance";
 *
 * const guidance = limitedInterval(classifierFree({ scale: 3 }), [0.25, 0.75]);
 * const level = { t: 500, alpha: 0.6, sigma: 0.8 };
 * const counts = [0, 1, 2, 3].map((index) =>
 *   guidance.branches({ index, total: 4, level }).length
 * );
 * assertEquals(counts, [1, 2, 2, 1]);
 * ```
 */
export function limitedInterval(
  guidance: Guidance,
  [from, to]: readonly [from: number, to: number],
  { by = "fraction" }: LimitedIntervalOptions = {},
): Guidance {
  if (by === "fraction" ? !(from >= 0 && from < to && to <= 1) : !(from >= 0 && from < to)) {
    const bounds = by === "fraction" ? "0 <= from < to <= 1" : "0 <= from < to";
    throw new RangeError(
      `Cannot limit guidance: the interval is [${from}, ${to}]; expected ${bounds}`,
    );
  }
  return {
    ...guidance,
    branches: (progress) =>
      isInside(progress, from, to, by) ? guidance.branches(progress) : positiveOnly,
    start: (run) => guidance.start(run),
  };
}

function isInside(
  { index, total, level }: Progress,
  from: number,
  to: number,
  by: "fraction" | "sigma",
): boolean {
  if (by === "fraction") return Math.trunc(from * total) <= index && index < Math.trunc(to * total);
  const sigma = level.sigma / level.alpha; // infinite where alpha is 0: never inside
  return from < sigma && sigma <= to;
}
