import { intervals, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";

/** Settings of {@linkcode ddnm}. */
export interface DdnmOptions {
  /** The share of fresh noise in each step's noise, 0 to 1; 0.85 by default, as in the paper. */
  readonly eta?: number;
  /** The deviation of the noise in the measurement, in the samples' units; 0 by default. */
  readonly noise?: number;
  /** Time travel: every `length` steps go back as many, until they were made `repeats` times. */
  readonly travel?: { readonly length: number; readonly repeats: number };
}

/**
 * The sampler of DDNM: `x_s = alpha·x0 + sigma·(√(1 - eta²)·eps + eta·z)`, where whoever runs it makes `x0`
 * agree with a measurement after each model call, and takes `eps` from the network's own output.
 *
 * Wang et al. (2022), https://arxiv.org/abs/2212.00490, algorithm 1; with `noise` DDNM+ (eq. 17 to 19, in
 * their scalar form): the step adds less noise by what the measurement brings in, and
 * {@linkcode ddnmStrengths} says how far to correct. With `travel` algorithm 2: a jump back is folded into
 * the step before it, and costs no model call of its own.
 *
 * @param options Noise and time travel.
 * @returns A solver.
 * @throws {RangeError} if a setting cannot be.
 *
 * @example A step, and the last one, which adds no noise
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ddnm, edmSchedule } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = ddnm({ eta: 0.6 })(levels, edmSchedule());
 * assertEquals(steps[0]!.x, { terms: { x0: 1, eps: 0.8 }, noise: 0.6 });
 * assertEquals(steps[1]!.x, { terms: { x0: 1, eps: 0 } });
 * ```
 */
export function ddnm(options: DdnmOptions = {}): Solver {
  const { eta = 0.85, noise = 0 } = options;
  check(options);
  return (levels, _schedule, begin = 0) => {
    const order = visits(levels.length - 1 - begin, options.travel);
    return order.map((visit, k): Step => {
      const level = levels[begin + visit]!, t = levels[begin + visit + 1]!;
      const eps = t.sigma * Math.sqrt(1 - eta ** 2);
      const brought = t.alpha * strength(t, eta, noise) * noise;
      const added = Math.sqrt(Math.max(0, (eta * t.sigma) ** 2 - brought ** 2));
      const next = order[k + 1];
      if (next === undefined || next > visit) {
        const isLast = t.sigma === 0;
        return {
          level,
          x: { terms: { x0: t.alpha, eps }, ...!isLast && { noise: added } },
        };
      }
      // Back to a noisier level s: x_s = r·x_t + √(sigma_s² - r²·sigma_t²)·z.
      const s = levels[begin + next]!, r = s.alpha / t.alpha;
      const back = s.sigma ** 2 - (r * t.sigma) ** 2;
      const terms = { x0: r * t.alpha, eps: r * eps };
      return { level, x: { terms, noise: Math.sqrt((r * added) ** 2 + back) } };
    });
  };
}

/**
 * How far each model call's `x0` is corrected towards a measurement, `lambda` in `x0 + lambda·A⁺(y - A·x0)`:
 * all the way where the step's fresh noise hides the measurement's, less below.
 *
 * Wang et al. (2022), https://arxiv.org/abs/2212.00490, eq. 19.
 *
 * @param levels The run's levels, the last included.
 * @param options As for {@linkcode ddnm}.
 * @returns One number from 0 to 1 per model call.
 *
 * @example All the way without noise, less with it
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ddnmStrengths } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * assertEquals(ddnmStrengths(levels), [1, 1]);
 * assertEquals(ddnmStrengths(levels, { eta: 0.5, noise: 1 }), [0.5, 0]);
 * ```
 */
export function ddnmStrengths(
  levels: readonly NoiseLevel[],
  options: DdnmOptions = {},
): readonly number[] {
  check(options);
  const { eta = 0.85, noise = 0 } = options;
  const ends = intervals(levels).map(([, t]) => strength(t, eta, noise));
  return visits(levels.length - 1, options.travel).map((visit) => ends[visit]!);
}

function strength({ alpha, sigma }: NoiseLevel, eta: number, noise: number): number {
  return noise === 0 ? 1 : Math.min(1, eta * sigma / (alpha * noise));
}

/** Which interval each model call crosses. */
function visits(count: number, travel: DdnmOptions["travel"]): readonly number[] {
  const { length, repeats } = travel ?? { length: 1, repeats: 1 };
  const order: number[] = [];
  for (let from = 0; from < count; from += length) {
    for (let k = 0; k < repeats; k++) {
      for (let i = from; i < Math.min(from + length, count); i++) order.push(i);
    }
  }
  return order;
}

function check({ eta = 0.85, noise = 0, travel }: DdnmOptions): void {
  if (!(eta >= 0 && eta <= 1) || !(noise >= 0 && Number.isFinite(noise))) {
    throw new RangeError(
      `Cannot use DDNM: eta is ${eta} and noise is ${noise}; expected eta from 0 to 1 and a noise of 0 ` +
        `or more`,
    );
  }
  const { length, repeats } = travel ?? { length: 1, repeats: 1 };
  if (![length, repeats].every((n) => Number.isInteger(n) && n > 0)) {
    throw new RangeError(
      `Cannot travel in time: length is ${length} and repeats is ${repeats}; expected whole numbers ` +
        `above 0`,
    );
  }
}
