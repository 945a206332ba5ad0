/**
 * One run, from a task to images: plan, encode, noise, loop, decode.
 *
 * @module
 */
import type { Guidance } from "@shum/guidance";
import type { Denoiser } from "@shum/models";
import type { Gaussian, NoiseLevel } from "@shum/schedulers";
import { checkBranch, checkGuidance } from "./_check_guidance.ts";
import { withMore } from "./_conditions.ts";
import { branchesOf, guidanceFor } from "./_guidance.ts";
import {
  checkLatents,
  fromNoise,
  initialNoise,
  makeGenerator,
  type Seeds,
  seedsOf,
} from "./_noise.ts";
import { predictor } from "./_predictor.ts";
import { samplerFor } from "./_sampler.ts";
import { decode } from "./_pixels.ts";
import { type Shape, shapeOf } from "./_shape.ts";
import { denoise, type DenoiseStep } from "./denoise.ts";
import type { Image, Images } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import type { Preview, RunOptions } from "../pipeline.ts";
import type { RunPlan } from "./run_plan.ts";
import type { Sampler } from "./sampler.ts";
import type { Batch, ConditionGroup, Start, Task } from "./task.ts";

/** A run, planned and not begun. */
export interface Run {
  readonly parts: ModelParts;
  readonly options: RunOptions;
  readonly task: Task;
  readonly sampler: Sampler;
  readonly guidance: Guidance;
  readonly seeds: Seeds;
  readonly generators: readonly Gaussian[];
  /** Shape of the samples of all images. */
  readonly shape: Shape;
  /** What is told of it. */
  readonly plan: RunPlan;
}

/** What a model without conditions is told. */
const untold: readonly ConditionGroup[] = [{ conditions: { positive: { inputs: {} } } }];

/** Where a run ends. */
const CLEAN_LEVEL: NoiseLevel = { t: 0, alpha: 1, sigma: 0 };

/**
 * Checks a task and options, and plans the run. Opens nothing.
 *
 * @param parts The model.
 * @param given What the caller said.
 * @param task What to do.
 * @returns The run.
 * @throws {TypeError | RangeError} When something is not usable, naming it.
 */
export function planRun(parts: ModelParts, given: RunOptions, task: Task): Run {
  const options: RunOptions = { ...task.size, ...given };
  const seeds = task.seeds ? { seeds: task.seeds } : seedsOf(options, task.images);
  const images = seeds.seeds.length;
  const shape = shapeOf(parts, options, images);
  checkLatents(shape, options);
  const guidance = task.guidance ?? guidanceFor(options, parts.defaults.guidanceScale);
  const sampler = task.sampler ?? samplerFor(parts, options, task.begin);
  const generators = seeds.seeds.map((seed) => makeGenerator(options.rng ?? "torch", seed));

  const { networks = {} } = options;
  const { levels, calls, plan: steps } = sampler;
  checkGuidance(guidance, { plan: steps, hasGradient: networks.classifier !== undefined });
  const branches = branchesOf(guidance, levels, calls);
  for (const branch of branches) {
    checkBranch(branch, task.branches ?? ["positive"], { ...networks });
  }

  const [, , rows, columns] = shape;
  const plan: RunPlan = {
    scheduler: sampler.config,
    ...steps && {
      plan: steps,
      end: sampler.end,
      timesteps: steps.steps.map(({ cNoise }) => cNoise),
    },
    calls,
    initNoiseSigma: sampler.initNoiseSigma,
    branches,
    seeds: seeds.seeds,
    images,
    batch: sampler.oneByOne || task.oneByOne ? 1 : images,
    width: columns * parts.vaeScaleFactor,
    height: rows * parts.vaeScaleFactor,
  };
  return { parts, options, task, sampler, guidance, seeds, generators, shape, plan };
}

/**
 * Runs what was planned.
 *
 * @param run From {@linkcode planRun}.
 * @returns A generator of previews, which returns the images.
 */
export async function* execute(run: Run): AsyncGenerator<Preview, Images> {
  const { parts, task, options: { signal }, plan } = run;
  const pictures = async (x: Float32Array, { shape, seeds }: OwnBatch) => {
    const made = await decode(parts, x, shape, seeds);
    return task.finish ? task.finish(made) : made;
  };

  // Encode: what each branch of guidance tells the network.
  parts.denoiser.warm();
  const groups = await task.encode?.(plan) ?? untold;
  signal?.throwIfAborted();

  // Noise: the samples at the first level.
  const starts: (Start & { readonly batch: OwnBatch })[] = [];
  for (const batch of batchesOf(run)) {
    starts.push({ ...await start(task, batch), batch });
    signal?.throwIfAborted();
  }

  // Loop: the denoiser is held for it, and not while the result is decoded.
  const results = yield* withDenoiser(parts, async function* (denoiser) {
    const ends: Float32Array[] = [];
    for (const begun of starts) {
      const { batch } = begun;
      const first = Float32Array.from(begun.x);
      const steps = denoise(loopOf(run, begun, groups, denoiser));
      ends.push(yield* previews(steps, first, batch.shape, (x) => pictures(x, batch)));
    }
    return ends;
  });

  // Decode.
  const images: Image[] = [];
  for (const [i, x] of results.entries()) images.push(...await pictures(x, starts[i]!.batch));
  signal?.throwIfAborted();
  return images as [Image, ...Image[]];
}

interface OwnBatch extends Batch {
  readonly seeds: readonly number[];
}

/** All images at once, or one after the other. */
function batchesOf({ options, sampler, seeds, generators, shape, plan }: Run): OwnBatch[] {
  const { batch: size, images } = plan;
  const [, ...one] = shape;
  return Array.from({ length: images / size }, (_, index): OwnBatch => {
    const part = <T>(list: readonly T[]) => list.slice(index * size, (index + 1) * size);
    const own: Shape = [size, ...one];
    const values = own.reduce((product, n) => product * n);
    const latents = options.latents?.subarray(index * values, (index + 1) * values);
    const ownSeeds = {
      seeds: part(seeds.seeds),
      ...seeds.variations && { variations: part(seeds.variations) },
    };
    const ownGenerators = part(generators);
    return {
      index,
      shape: own,
      seeds: ownSeeds.seeds,
      generators: ownGenerators,
      level: sampler.levels[0],
      initNoiseSigma: sampler.initNoiseSigma,
      noise: () =>
        initialNoise(own, ownGenerators, { ...options, ...latents && { latents } }, ownSeeds),
    };
  });
}

async function start(task: Task, batch: Batch): Promise<Start> {
  return await task.start?.(batch) ?? { x: fromNoise(batch.noise(), batch) };
}

/** Holds the denoiser for a generator. */
async function* withDenoiser<Value, Result>(
  parts: ModelParts,
  work: (denoiser: Denoiser) => AsyncGenerator<Value, Result>,
): AsyncGenerator<Value, Result> {
  await using lease = await parts.denoiser.acquire();
  return yield* work(lease.value);
}

/** What the loop needs. */
function loopOf(
  { sampler, guidance, options: { networks, signal }, plan }: Run,
  { x, plan: own, correct, constrain, concat, inputs, groups, batch }: Start & {
    readonly batch: OwnBatch;
  },
  encoded: readonly ConditionGroup[],
  denoiser: Denoiser,
): Parameters<typeof denoise>[0] {
  const { shape, generators, seeds } = batch;
  const told = (groups ?? encoded).map((group) => withMore(group, concat, inputs));
  return {
    ...sampler.start(x, generators, seeds),
    ...own && { plan: own },
    batch: shape[0],
    guidance,
    predict: predictor({ shape, denoiser, networks, groups: told, signal }, plan.branches),
    gradient: networks?.classifier,
    correct,
    afterStep: constrain && ((x, _index, level) => constrain(x, level ?? CLEAN_LEVEL)),
    signal,
  };
}

/** The loop's steps as the caller sees them; x0 is worked out only if it is looked at. */
async function* previews(
  steps: AsyncGenerator<DenoiseStep, Float32Array>,
  start: Float32Array,
  shape: Shape,
  decode: (x: Float32Array) => Promise<readonly Image[]>,
): AsyncGenerator<Preview, Float32Array> {
  try {
    while (true) {
      const next = await steps.next();
      if (next.done) return next.value;
      const step = next.value;
      const { index, total, level, x } = step;
      yield {
        index,
        total,
        level,
        x,
        shape,
        get x0() {
          return step.x0;
        },
        ...index === 0 && { start },
        decode: (samples = step.x0) => decode(Float32Array.from(samples)),
      };
    }
  } finally {
    await steps.return(new Float32Array());
  }
}
