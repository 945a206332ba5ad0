import type { Solver, Step } from "../plan/plan.ts";

/**
 * `solver`, but with Euler's steps, which leave no history, from levels whose Karras sigma is above
 * `most`: there the sample is noise alone.
 *
 * There x0 is the mean of the data and eps is the sample itself, so that a first-order step is
 * exact. A correction of a higher order would multiply the small error of the next level's
 * eps by the ratio of the two sigmas: 20,291 to 12.6 in the first of 20 steps over a squared-cosine
 * schedule, which saturates the picture.
 */
export function fromPureNoise(solver: Solver, most: number): Solver {
  return (levels, schedule, begin = 0) => {
    const straight: Step[] = [];
    let i = begin;
    for (; i + 1 < levels.length && levels[i]!.sigma / Math.abs(levels[i]!.alpha) > most; i++) {
      const t = levels[i + 1]!;
      straight.push({ level: levels[i]!, x: { terms: { x0: t.alpha, eps: t.sigma } } });
    }
    return i + 1 < levels.length ? [...straight, ...solver(levels, schedule, i)] : straight;
  };
}
