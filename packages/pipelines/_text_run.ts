/**
 * The way of a run that text to image, image to image and inpainting share.
 *
 * @module
 */
import type { Guidance } from "@shum/guidance";
import type { Denoiser, Tensor } from "@shum/models";
import type { Gaussian, Scheduler } from "@shum/schedulers";
import { checkLatents, makeGenerator, type Seeds, seedsOf } from "./_noise.ts";
import type { ConditionGroup } from "./_predictor.ts";
import { branchesOf, sample, schedulerFor, type Shape, stepCount } from "./_sample.ts";
import { decoder, shapeOf } from "./_shape.ts";
import { encodeConditions, mapConditions, promptsOf, textGuidance } from "./_text_conditions.ts";
import type { DenoiseSettings } from "./denoise.ts";
import type { Image } from "./image.ts";
import type { Lazy } from "./lazy.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import type { TextInput } from "./text_input.ts";
import type { TextParts } from "./text_parts.ts";

/** A run, planned and not begun. */
export interface TextRun {
  /** The seeds of its images. */
  readonly seeds: Seeds;
  /** One generator per image, at the start of its stream. */
  readonly generators: readonly Gaussian[];
  /** Shape of the latents. */
  readonly shape: Shape;
  /** With timesteps set, and the begin index of its strength. */
  readonly scheduler: Scheduler;
  /** How predictions are combined. */
  readonly guidance: Guidance;
}

/**
 * Checks a run's input and options, and plans it.
 *
 * @param parts The model.
 * @param input The prompts.
 * @param options What the caller said.
 * @param strength Share of the noise that an image is given; 1 starts from noise alone.
 * @returns The plan of the run.
 * @throws {TypeError | RangeError} When something is not usable, naming it.
 */
export function planTextRun(
  parts: TextParts,
  input: TextInput,
  options: RunOptions,
  strength = 1,
): TextRun {
  options.signal?.throwIfAborted();
  if (!(strength > 0 && strength <= 1)) {
    throw new RangeError(
      `Cannot start from image: strength is ${strength}; expected a number above 0, at most 1`,
    );
  }
  const { defaults, strengthInSchedule } = parts;
  const seeds = seedsOf(options, promptsOf(input).length);
  const shape = shapeOf(
    { ...parts, sizeMultiple: parts.sizeMultiple ?? parts.scaleFactor },
    options,
    seeds.seeds.length,
  );
  checkLatents(shape, options);
  const guidance = textGuidance(input, options, defaults.guidanceScale, parts);
  const settings = strengthInSchedule ? { strength } : {};
  const scheduler = schedulerFor(parts.scheduler, options, defaults.steps, settings);
  if (strength < 1 && !strengthInSchedule) {
    begin(scheduler, strength, stepCount(options, defaults.steps));
  }
  const generators = seeds.seeds.map((seed) => makeGenerator(options.rng ?? "torch", seed));
  return { seeds, generators, shape, scheduler, guidance };
}

/** Begins late: of N steps, the last `strength N` are run. */
function begin(scheduler: Scheduler, strength: number, steps: number): void {
  const run = Math.trunc(steps * strength);
  if (run < 1) {
    throw new RangeError(
      `Cannot start from image: strength ${strength} of ${steps} steps leaves none; expected ` +
        `strength times steps to be at least 1`,
    );
  }
  // diffusers counts timesteps, of which PNDM visits one twice; two calls per step are always a step.
  if (scheduler.order === 1) scheduler.setBeginIndex(steps - run);
  else scheduler.setBeginStep(steps - run);
}

/** What a task adds to a run. */
export interface Start {
  /** The latents at the level where the scheduler begins. */
  readonly x: Float32Array;
  /** Appended to the channels that the network reads. */
  readonly concat?: Tensor | undefined;
  /** What every branch tells the network besides. */
  readonly inputs?: Readonly<Record<string, Tensor>> | undefined;
  /** See `DenoiseSettings`. */
  readonly afterStep?: DenoiseSettings["afterStep"];
  /** Changes the images at the end. */
  readonly finish?: ((images: readonly Image[]) => readonly Image[]) | undefined;
}

/**
 * Runs what was planned: encodes the prompts, lets the task make its first latents, denoises, decodes.
 *
 * @param parts The model.
 * @param input The prompts.
 * @param options What the caller said.
 * @param run From {@linkcode planTextRun}.
 * @param start Makes the first latents; the only one to draw from the generators before the sampler.
 * @param encoded What the branches tell the network, where the prompts are encoded already.
 * @returns A generator of previews, which returns the images.
 */
export async function* runText(
  parts: TextParts,
  input: TextInput,
  options: RunOptions,
  run: TextRun,
  start: () => Start | Promise<Start>,
  encoded?: readonly ConditionGroup[],
): AsyncGenerator<Preview, readonly Image[]> {
  const { signal, networks } = options;
  const { scheduler, guidance, shape, seeds, generators } = run;
  parts.denoiser.warm();
  const groups = encoded ?? await encodeRun(parts, input, options, run);
  signal?.throwIfAborted();
  const { x, concat, inputs, afterStep, finish } = await start();
  signal?.throwIfAborted();
  const plain = decoder({ autoencoder: parts.decoder }, seeds.seeds);
  const decode = finish
    ? async (x: Float32Array, shape: Shape) => finish(await plain(x, shape))
    : plain;
  const result = yield* withDenoiser(parts, (denoiser) =>
    sample({
      scheduler,
      x,
      shape,
      generators,
      seeds: seeds.seeds,
      guidance,
      denoiser,
      networks,
      groups: groups.map((group) => withMore(group, concat, inputs)),
      afterStep,
      decode,
      signal,
    }));
  const images = await decode(result, shape);
  signal?.throwIfAborted();
  return images;
}

/** Holds the denoiser for a generator, and not while its result is decoded. */
async function* withDenoiser<Value, Result>(
  parts: { readonly denoiser: Lazy<Denoiser> },
  work: (denoiser: Denoiser) => AsyncGenerator<Value, Result>,
): AsyncGenerator<Value, Result> {
  await using lease = await parts.denoiser.acquire();
  return yield* work(lease.value);
}

/** Adds channels and inputs to what the network is told, those of the group's own images. */
function withMore(
  { images, conditions }: ConditionGroup,
  concat: Tensor | undefined,
  more: Readonly<Record<string, Tensor>> | undefined,
): ConditionGroup {
  const own = concat && images && concat.shape[0] !== 1 ? rows(concat, images) : concat;
  return {
    ...images && { images },
    conditions: mapConditions(conditions, ({ inputs }) => ({
      inputs: { ...inputs, ...more },
      ...own && { concat: own },
    })),
  };
}

function rows({ data, shape }: Tensor, images: readonly number[]): Tensor {
  const size = data.length / shape[0]!;
  const out = new Float32Array(images.length * size);
  images.forEach((b, i) => {
    out.set((data as Float32Array).subarray(b * size, (b + 1) * size), i * size);
  });
  return { data: out, shape: [images.length, ...shape.slice(1)] };
}

/**
 * Encodes the prompts of a run.
 *
 * @param parts The model.
 * @param input The prompts.
 * @param options What the caller said.
 * @param run From {@linkcode planTextRun}.
 * @param alike Whether all prompts are to have one length, though images then depend on their batch.
 * @returns What each branch tells the network, for each group of images.
 */
export async function encodeRun(
  parts: TextParts,
  input: TextInput,
  options: RunOptions,
  { shape: [, , height, width], guidance, scheduler }: TextRun,
  alike = false,
): Promise<readonly ConditionGroup[]> {
  await using encoder = await parts.promptEncoder.acquire();
  return await encodeConditions(encoder.value, input, {
    branches: branchesOf(guidance, scheduler.plan),
    size: [height * parts.scaleFactor, width * parts.scaleFactor],
    options,
    facts: parts,
    scale: parts.defaults.guidanceScale,
    alike,
  });
}
