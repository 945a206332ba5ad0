import type { AdaptiveSampler, Query } from "./adaptive.ts";
import type { Sde } from "../schedules/sde.ts";
import { dormandPrince } from "./_dormand_prince.ts";

/** Settings of the adaptive integrator. */
export interface FlowOptions {
  /** The time to start at: 1, pure noise, by default for sampling. */
  readonly from?: number | undefined;
  /** The time to end at, above 0, where the score has a limit: 1e-3 by default. */
  readonly to?: number | undefined;
  /** Tolerated error relative to the sample, per step; 1e-5 by default. */
  readonly rtol?: number | undefined;
  /** Tolerated absolute error, per step; 1e-5 by default. */
  readonly atol?: number | undefined;
  /** Steps after which to give up; 10000 by default. A step is six model calls. */
  readonly maxSteps?: number | undefined;
  /** Whether to end with one more call that takes the remaining noise off; false by default. */
  readonly denoise?: boolean | undefined;
}

/**
 * The probability-flow ODE, `dx/dt = f(t)·x - g(t)²·score / 2`, by adaptive Dormand-Prince 5(4): the
 * deterministic process with the marginals of the SDE. With `from` below `to` it encodes data into noise.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 13 and appendix D.4. The whole batch shares
 * its steps. The state is kept in float64.
 *
 * @param x The samples at `from`; they are copied.
 * @param sde The forward process of the model.
 * @param options Where to start and end, and the tolerated errors.
 * @returns The sampler; run it with {@linkcode adaptive}.
 * @throws {RangeError} if a time is outside (0, 1], or a tolerance is not positive or cannot be
 * met.
 *
 * @example A sample keeps its place in the distribution
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { adaptive, probabilityFlow, score, vpSde } from "@shum/schedulers";
 *
 * // Data N(0, 1/4): x keeps its place in the distribution, at 1.5 standard deviations.
 * const sde = vpSde(), to = 1e-3, deviation = (t: number) => Math.hypot(sde.at(t).alpha / 2, sde.at(t).sigma);
 * const run = adaptive(probabilityFlow(Float32Array.of(1.5 * deviation(1)), sde, { to }), score);
 * while (!run.done) run.step(run.x.map((x) => -x / deviation(run.level.t) ** 2));
 * assertAlmostEquals(run.x[0]!, 1.5 * deviation(to), 1e-4);
 * ```
 */
export function* probabilityFlow(
  x: Float32Array,
  sde: Sde,
  { from = 1, to = 1e-3, rtol = 1e-5, atol = 1e-5, maxSteps = 10000, denoise = false }:
    FlowOptions = {},
): AdaptiveSampler {
  validateFlow({ from, to, rtol, atol, maxSteps });
  const sample = x.slice();
  const y = Float64Array.from(x);
  yield* dormandPrince(
    y,
    from,
    to,
    (t, state, out) => flowDrift(sde, t, state, out, sample),
    { rtol, atol, maxSteps },
  );
  sample.set(y);
  if (denoise) {
    const level = sde.at(to);
    const eps = yield { x: sample, level };
    for (let i = 0; i < sample.length; i++) {
      sample[i] = (sample[i]! - level.sigma * eps[i]!) / level.alpha;
    }
  }
  return sample;
}

/**
 * The drift of the probability flow at (t, state) into `out`, `f·x + g²·eps / (2·sigma)`; `x` holds
 * the state in float32 for the model. Longer states keep their rest.
 */
export function* flowDrift(
  sde: Sde,
  t: number,
  state: Float64Array,
  out: Float64Array,
  x: Float32Array,
): Generator<Query, void, Float32Array> {
  const level = sde.at(t);
  for (let i = 0; i < x.length; i++) x[i] = state[i]!;
  const eps = yield { x, level };
  const f = sde.drift(t), g = sde.diffusion(t), weight = g * g / (2 * level.sigma);
  for (let i = 0; i < x.length; i++) out[i] = f * state[i]! + weight * eps[i]!;
}

/** Checks the settings that sampling and likelihood share. */
export function validateFlow(
  { from, to, rtol, atol, maxSteps }: Readonly<
    Record<Exclude<keyof FlowOptions, "denoise">, number>
  >,
): void {
  for (const [name, time] of [["from", from], ["to", to]] as const) {
    if (time > 0 && time <= 1) continue;
    throw new RangeError(
      `Cannot follow the probability flow: ${name} is ${time}; expected a time above 0 and at most 1`,
    );
  }
  if (!(rtol > 0 && atol > 0 && maxSteps >= 1)) {
    throw new RangeError(
      `Cannot follow the probability flow: rtol is ${rtol}, atol ${atol} and maxSteps ${maxSteps}; ` +
        `expected positive numbers`,
    );
  }
}
