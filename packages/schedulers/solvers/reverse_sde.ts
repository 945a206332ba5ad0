import { intervals } from "../plan/noise_level.ts";
import type { Combination, Solver, Terms } from "../plan/plan.ts";
import type { Sde } from "../schedules/sde.ts";

/** How a run of the reverse SDE ends. */
export interface ReverseOptions {
  /** Whether the last step leaves its noise out, giving the mean; true by default. */
  readonly denoise?: boolean | undefined;
}

/**
 * Euler-Maruyama on the reverse SDE.
 *
 * ```text
 * x <- x - (f·x - g²·score)·dt + g·√dt·z, score = -eps / sigma
 * ```
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 6, discretised as in their code. `dt` is the
 * time between two levels unless it is given: their code, and diffusers' ScoreSdeVp, take 1/N for N
 * model calls, a little more than the levels are apart.
 *
 * @param sde The forward process of the model.
 * @param options How the run ends, and the length of a step.
 * @returns The solver.
 * @throws {RangeError} if `dt` is given and not positive.
 *
 * @example A step, without noise at the end
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { eulerMaruyama, veSde } from "@shum/schedulers";
 * const sde = veSde();
 * const [step] = eulerMaruyama(sde)([sde.at(1), sde.at(0.99)], sde);
 * assertEquals([step!.x.terms.x, step!.x.noise], [1, undefined]); // the last step: no noise
 * assertAlmostEquals(step!.x.terms.eps!, -0.01 * sde.diffusion(1) ** 2 / 50);
 * ```
 */
export function eulerMaruyama(
  sde: Sde,
  { denoise = true, dt: fixed }: ReverseOptions & { dt?: number | undefined } = {},
): Solver {
  if (fixed !== undefined && !(fixed > 0)) {
    throw new RangeError(`Cannot use Euler-Maruyama: dt is ${fixed}; expected a positive number`);
  }
  return (levels, _schedule, begin = 0) =>
    intervals(levels, begin).map(([s, t, i]) => {
      const dt = fixed ?? s.t - t.t;
      const f = sde.drift(s.t), g = sde.diffusion(s.t);
      const terms = { x: 1 - f * dt, eps: -(g * g * dt) / s.sigma };
      const last = i === levels.length - 2;
      return { level: s, x: withNoise(terms, g * Math.sqrt(dt), denoise && last) };
    });
}

/**
 * Reverse diffusion sampling: the reverse SDE discretised as its forward chain is. For VE it adds
 * `(sigma_s² - sigma_t²)·score` and noise.
 *
 * ```text
 * x <- (2 - r)·x + G²·score + G·z, score = -eps / sigma_s
 * r = alpha_s / alpha_t, G² = sigma_s² - r²·sigma_t²
 * ```
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, appendix E, eq. 46.
 *
 * @param options How the run ends.
 * @returns The solver.
 *
 * @example A step from sigma 5 to 4
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reverseDiffusion, veSde } from "@shum/schedulers";
 * const levels = [5, 4, 3].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const [step] = reverseDiffusion()(levels, veSde());
 * assertEquals(step!.x, { terms: { x: 1, eps: -9 / 5 }, noise: 3 });
 * ```
 */
export function reverseDiffusion({ denoise = true }: ReverseOptions = {}): Solver {
  return (levels, _schedule, begin = 0) =>
    intervals(levels, begin).map(([s, t, i]) => {
      const r = s.alpha / t.alpha;
      const variance = s.sigma ** 2 - (r * t.sigma) ** 2; // G²
      const terms = { x: 2 - r, eps: -variance / s.sigma };
      const last = i === levels.length - 2;
      return { level: s, x: withNoise(terms, Math.sqrt(variance), denoise && last) };
    });
}

function withNoise(terms: Terms, noise: number, leaveOut: boolean): Combination {
  return leaveOut ? { terms } : { terms, noise };
}
