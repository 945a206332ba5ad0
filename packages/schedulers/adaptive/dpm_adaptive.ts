import type { AdaptiveSampler } from "./adaptive.ts";
import { lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import { coefficients } from "../solvers/_dpm_solver.ts";

/** Settings of {@linkcode dpmAdaptive}, with k-diffusion's defaults. */
export interface DpmAdaptiveOptions {
  /** Tolerated error relative to the sample, per step; 0.05. */
  readonly rtol?: number | undefined;
  /** Tolerated absolute error, per step; 0.0078. */
  readonly atol?: number | undefined;
  /** The first step, in lambda; 0.05. */
  readonly step?: number | undefined;
  /** Steps after which to give up; 1000. A step is three model calls. */
  readonly maxSteps?: number | undefined;
}

/**
 * DPM-Solver-12/23 with adaptive steps: third order, with the second as its error estimate.
 *
 * Lu et al. (2022), https://arxiv.org/abs/2206.00927, section 3.4 and appendix C; k-diffusion,
 * `sample_dpm_adaptive`, whose controller of the step size it has (integral, bounded by an
 * arctangent). The batch shares its steps. `x` lies at `from` and is copied; the run ends at `to`,
 * above sigma 0. Drive it with `adaptive`.
 *
 * @param x The samples at `from`; they are copied.
 * @param from The level to start at.
 * @param to The level to end at, above sigma 0.
 * @param schedule The forward process of the model.
 * @param options The tolerated errors.
 * @returns The sampler; run it with {@linkcode adaptive}.
 * @throws {RangeError} if `to` has no noise, or `maxSteps` do not suffice.
 *
 * @example Data of deviation 1/2
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { adaptive, dpmAdaptive, edmLevel, edmSchedule, sample } from "@shum/schedulers";
 * const [from, to] = [edmLevel(10), edmLevel(0.01)];
 * const spread = (sigma: number) => Math.hypot(0.5, sigma); // data N(0, 1/4)
 * const sampler = dpmAdaptive(Float32Array.of(spread(10)), from, to, edmSchedule(), { rtol: 1e-4, atol: 1e-5 });
 * const run = adaptive(sampler, sample);
 * while (!run.done) run.step(run.x.map((x) => x * (0.25 / spread(run.level.sigma) ** 2)));
 * assertAlmostEquals(run.x[0]!, spread(0.01), 1e-3);
 * ```
 */
export function* dpmAdaptive(
  x: Float32Array,
  from: NoiseLevel,
  to: NoiseLevel,
  schedule: NoiseSchedule,
  { rtol = 0.05, atol = 0.0078, step = 0.05, maxSteps = 1000 }: DpmAdaptiveOptions = {},
): AdaptiveSampler {
  if (!(to.sigma > 0)) {
    throw new RangeError(`Cannot sample: to.sigma is ${to.sigma}; expected a number above 0`);
  }
  const size = x.length;
  const vector = () => new Float32Array(size);
  const [current, stage, low, high] = [x.slice(), vector(), vector(), vector()];
  const previous = x.slice();
  const [eps, eps1] = [vector(), vector()];
  const end = lambda(to);
  let s = from;
  let h = step;
  for (let k = 0; lambda(s) < end - 1e-5; k++) {
    if (k === maxSteps) {
      throw new RangeError(
        `Cannot sample: ${maxSteps} steps reach lambda ${
          lambda(s)
        }; expected ${end}. Raise rtol, ` +
          `atol or maxSteps.`,
      );
    }
    const start = lambda(s);
    const t = start + h >= end ? to : schedule.atLambda(start + h);
    const h3 = (lambda(t) - start) / 3;
    const [m1, m2] = [schedule.atLambda(start + h3), schedule.atLambda(start + 2 * h3)];
    eps.set(yield { x: current, level: s });
    move(stage, current, s, m1, eps);
    eps1.set(yield { x: stage, level: m1 });
    const half = coefficients("dpmsolver", "heun", s, t, 1).first;
    move(low, current, s, t, eps, eps1, (3 / 2) * half); // second order: 1 / (2 r1)
    move(stage, current, s, m2, eps, eps1, 2 * coefficients("dpmsolver", "heun", s, m2, 1).second);
    const eps2 = yield { x: stage, level: m2 };
    const third = (3 / 2) * coefficients("dpmsolver", "heun", s, t, 1).second;
    move(high, current, s, t, eps, eps2, third);
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const tolerated = Math.max(atol, rtol * Math.max(Math.abs(low[i]!), Math.abs(previous[i]!)));
      sum += ((low[i]! - high[i]!) / tolerated) ** 2;
    }
    const factor = 1 + Math.atan((1 / (1e-8 + Math.sqrt(sum / size))) ** (1 / 3) - 1);
    if (factor >= 0.81) {
      previous.set(low);
      current.set(high);
      s = t;
    }
    h *= factor;
  }
  return current;
}

/**
 * `out ← x` carried from `s` to `t` along `eps`, and `weight` times what `later` is more than it.
 */
function move(
  out: Float32Array,
  x: Float32Array,
  s: NoiseLevel,
  t: NoiseLevel,
  eps: Float32Array,
  later: Float32Array = eps,
  weight = 0,
): void {
  const { x: scale, first } = coefficients("dpmsolver", "heun", s, t, 1);
  for (let i = 0; i < out.length; i++) {
    out[i] = scale * x[i]! + first * eps[i]! + weight * (later[i]! - eps[i]!);
  }
}
