/**
 * How likely a picture is to a model: by the probability flow, and by the variational bound.
 *
 * @module
 */
import {
  continuousView,
  drive,
  type Likelihood,
  likelihood,
  type LikelihoodOptions,
  torchRandom,
  type VariationalBound,
  variationalBound,
  type VariationalBoundOptions,
} from "@shum/schedulers";
import type { OpenModel } from "./open_model.ts";

/** Settings of {@linkcode pictureLikelihood}. */
export interface PictureLikelihoodOptions extends Omit<LikelihoodOptions, "batch"> {
  /** Seed of the probes; 0 by default. */
  readonly seed?: number;
}

/**
 * `log p(x)` under the model's first prompt, by the probability-flow ODE in the VP view. In a latent model it
 * is the density of the latents, not of the pixels, and comparable only within that model.
 *
 * Tolerances are 1e-2 unless they are given: a finer one asks the network hundreds of times.
 *
 * @param model Opened with guidance scale 1: a guided network is no distribution's score.
 * @param x0 The picture as a sample of the model, from `fromPixels`.
 * @param options Seed and what `likelihood` of `@shum/schedulers` takes.
 * @returns The likelihood; `bitsPerDim` is its negative, per dimension.
 *
 * @example A model of data N(0, 1)
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { type OpenModel, pictureLikelihood } from "@shum/pipelines";
 * import { trainedProcess } from "@shum/schedulers";
 *
 * const process = trainedProcess({ _class_name: "DDIMScheduler" });
 * const predict = (x: Float32Array, t: number) =>
 *   Promise.resolve(x.map((value) => process.schedule.at(Math.round(t)).sigma * value));
 * const model = { process, predict } as unknown as OpenModel;
 * const { bitsPerDim } = await pictureLikelihood(model, new Float32Array(64).fill(1));
 * assertAlmostEquals(bitsPerDim[0]!, (1 + Math.log(2 * Math.PI)) / 2 / Math.LN2, 0.05);
 * ```
 */
export function pictureLikelihood(
  model: OpenModel,
  x0: Float32Array,
  { seed = 0, ...options }: PictureLikelihoodOptions = {},
): Promise<Likelihood> {
  const { schedule, prediction } = model.process;
  const settings = { rtol: 1e-2, atol: 1e-2, ...options };
  return drive(
    likelihood(x0, continuousView(schedule), torchRandom(seed), settings),
    prediction,
    (x, t) => model.predict(x, t),
  );
}

/** Settings of {@linkcode pictureBound}. */
export interface PictureBoundOptions extends VariationalBoundOptions {
  /** How many levels the chain visits; 100 by default. */
  readonly steps?: number;
  /** Seed of the noises; 0 by default. */
  readonly seed?: number;
}

/**
 * The variational bound on `-log2 p(x)` per dimension under the model's first prompt, term by term, over
 * levels that fall evenly in log(sigma / alpha). By default with the decoder that suits the model: a density
 * for latents, where the bound speaks of latents, and 256 bins for pixels.
 *
 * @param model Opened with guidance scale 1.
 * @param x0 The picture as a sample of the model, from `fromPixels`.
 * @param options Steps, seed and what `variationalBound` of `@shum/schedulers` takes.
 * @returns The bound and its terms.
 *
 * @example A model of data N(0, 1)
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { type OpenModel, pictureBound } from "@shum/pipelines";
 * import { trainedProcess } from "@shum/schedulers";
 *
 * const process = trainedProcess({ _class_name: "DDIMScheduler" });
 * const predict = (x: Float32Array, t: number) => {
 *   const sigma = process.schedule.sigmaAt(t);
 *   return Promise.resolve(x.map((value) => value * sigma / Math.hypot(sigma, 1)));
 * };
 * const model = { process, predict, latent: true } as unknown as OpenModel;
 * const { total } = await pictureBound(model, new Float32Array(500).fill(1), { variance: "fixed_large" });
 * assertAlmostEquals(total, (1 + Math.log(2 * Math.PI)) / 2 / Math.LN2, 0.1);
 * ```
 */
export function pictureBound(
  model: OpenModel,
  x0: Float32Array,
  { seed = 0, steps = 100, ...options }: PictureBoundOptions = {},
): Promise<VariationalBound> {
  const { schedule, prediction } = model.process;
  const view = continuousView(schedule);
  const lambda = (t: number) => Math.log(view.at(t).alpha / view.at(t).sigma);
  // Noisier than this nothing of the data is left, and the schedule's last levels are far apart.
  const [from, to] = [Math.max(lambda(1), -5), lambda(0)];
  const levels = Array.from(
    { length: steps },
    (_, i) => view.atLambda(from + (to - from) * i / (steps - 1)),
  );
  return drive(
    variationalBound(x0, levels, torchRandom(seed), {
      decoder: model.latent ? "density" : "bins",
      ...options,
    }),
    prediction,
    (x, t) => model.predict(x, t),
  );
}
