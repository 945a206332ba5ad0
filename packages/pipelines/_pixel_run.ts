/**
 * The way of a run that all tasks of unconditional and class-conditional models share.
 *
 * @module
 */
import type { Branch } from "@shum/guidance";
import type { Condition } from "@shum/models";
import type { Gaussian, NoiseLevel, Scheduler } from "@shum/schedulers";
import { sizeFrom } from "./_encode_image.ts";
import { initialNoise, makeGenerator, seedsOf } from "./_noise.ts";
import { guidanceFor, sample, schedulerFor, type Shape } from "./_sample.ts";
import { isScoreSde, runScore } from "./_score_run.ts";
import { decoder, shapeOf } from "./_shape.ts";
import { channelsOf, type Image, type Picture, toTensor } from "./image.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import { resize } from "./resize.ts";
import type { PixelParts } from "./unconditional.ts";

/** A run, planned, with its noise drawn. */
export interface PixelRun {
  /** Shape of the samples. */
  readonly shape: Shape;
  /** With timesteps set, and the begin index if there is one; score models have none. */
  readonly scheduler?: Scheduler;
  /** One generator per image, after the draw of `noise`. */
  readonly generators: readonly Gaussian[];
  /** N(0, I). */
  readonly noise: Float32Array;
}

/** What a task does to a run. */
export interface PixelTask {
  /** The noise level to begin near: its sigma / alpha. Absent: where the scheduler begins. */
  readonly from?: number;
  /** The samples at the first level. Absent: noise alone. */
  readonly start?: (run: PixelRun) => Float32Array;
  /** Changes the samples in place, which are at `level` now: at the beginning and after every step. */
  readonly constrain?: ((x: Float32Array, level: NoiseLevel, run: PixelRun) => void) | undefined;
}

/** Where a run ends. */
export const clean: NoiseLevel = { t: 0, alpha: 1, sigma: 0 };

/**
 * Runs a model from noise, or from where a task begins.
 *
 * @param parts The model.
 * @param options What the caller said.
 * @param conditions What each branch tells the network.
 * @param images How many images there are, unless the options say it.
 * @param task What else is to be done.
 * @returns A generator of previews, which returns the images.
 */
export async function* runPixels(
  parts: PixelParts,
  options: RunOptions,
  conditions: Readonly<Partial<Record<Branch, Condition>>>,
  images = 1,
  { from, start, constrain }: PixelTask = {},
): AsyncGenerator<Preview, readonly Image[]> {
  const { signal, networks } = options;
  signal?.throwIfAborted();
  const own = options.scheduler ?? parts.scheduler;
  if (isScoreSde(own)) {
    return yield* runScore(parts, own, options, conditions, { ...from && { from }, constrain });
  }
  const { defaults } = parts;
  const seeds = seedsOf(options, images);
  const shape = shapeOf(parts, options, seeds.seeds.length);
  const guidance = guidanceFor(options, defaults.guidanceScale);
  const scheduler = schedulerFor(parts.scheduler, options, defaults.steps);
  if (from !== undefined) beginNear(scheduler, from);
  const generators = seeds.seeds.map((seed) => makeGenerator(options.rng ?? "torch", seed));
  const noise = initialNoise(shape, generators, options, seeds);
  const run = { shape, scheduler, generators, noise };
  const x = start?.(run) ?? noise.map((value) => value * scheduler.initNoiseSigma);
  constrain?.(x, scheduler.plan.steps[0]!.level, run);
  const decode = decoder(parts, seeds.seeds);
  await using denoiser = await parts.denoiser.acquire();
  const result = yield* sample({
    scheduler,
    x,
    shape,
    generators,
    seeds: seeds.seeds,
    guidance,
    denoiser: denoiser.value,
    networks,
    groups: [{ conditions }],
    afterStep: constrain && ((x, _index, level) => constrain(x, level ?? clean, run)),
    decode,
    signal,
  });
  const made = await decode(result, shape);
  signal?.throwIfAborted();
  return made;
}

/** Begins at the last level that is at least as noisy as `sigma`; at the first if none is. */
function beginNear(scheduler: Scheduler, sigma: number): void {
  const { steps } = scheduler.plan;
  let index = 0;
  for (let i = 0; i < steps.length; i += scheduler.order) {
    const { level } = steps[i]!;
    if (level.sigma / level.alpha >= sigma) index = i;
  }
  if (index > 0) scheduler.setBeginIndex(index);
}

/**
 * The tensor of a picture, once per image, at the size of a run.
 *
 * @param picture The picture.
 * @param shape Shape of the samples.
 * @param parts The range of values; from -1 to 1 by default.
 * @returns `shape`, flat.
 */
export function repeatPicture(
  picture: Picture,
  shape: Shape,
  { range: [low, high] = [-1, 1] }: Pick<PixelParts, "range"> = {},
): Float32Array {
  const [batch, , height, width] = shape;
  const one = toTensor(resize(picture, width, height));
  if (low !== -1 || high !== 1) {
    for (let i = 0; i < one.length; i++) one[i] = low + (high - low) * (one[i]! + 1) / 2;
  }
  const out = new Float32Array(batch * one.length);
  for (let b = 0; b < batch; b++) out.set(one, b * one.length);
  return out;
}

/**
 * The options with the size of a picture, cut down to what a model of pixels can make.
 *
 * @param parts The model.
 * @param picture The picture.
 * @param options What the caller said.
 * @returns The options with width and height.
 * @throws {TypeError} When the model works on latents, or on other than RGB.
 */
export function sizeOfPicture(
  parts: PixelParts,
  picture: Picture,
  options: RunOptions,
): RunOptions {
  if (parts.autoencoder || parts.channels !== 3) {
    throw new TypeError(
      `Cannot restore picture: the model makes ${parts.autoencoder ? "latents" : "samples"} of ` +
        `${parts.channels} channels; expected a model of RGB pixels`,
    );
  }
  if (parts.sizeMultiple !== undefined) return sizeFrom(picture, options, parts.sizeMultiple);
  channelsOf(picture);
  return options;
}
