/**
 * From a job and a model to what the pipeline is given: every setting has its value here.
 *
 * @module
 */

import type {
  AnyPipeline,
  Image,
  Pipeline,
  Preview,
  RunOptions,
  RunPlan,
  SuperResolution,
} from "@shum/pipelines";
import { readNumbers } from "./args.ts";
import { usageError } from "../exit_codes.ts";
import { explain } from "../explain.ts";
import { chosenGuidance, guidanceScaleOf } from "./guidance_choice.ts";
import { type InputPicture, outputSize, seamMask } from "../picture/input_picture.ts";
import type { Job } from "./jobs.ts";
import { maskPicture, pasteBack } from "../picture/mask.ts";
import type { Given, OptionKey } from "./options.ts";
import type { Rgb } from "../picture/png.ts";
import type { LatentRgb } from "../picture/preview.ts";
import { isSentence } from "../sentence.ts";
import { samplerLabels } from "../metadata/sampler_names.ts";
import { hasOwnSteps, runnerOf, scoreMethodOf, strengthOf, takesStrength, taskOf } from "./task.ts";

/** Pictures that are computed together. */
export interface Batch {
  readonly size: number;
  /** The seed of the first. */
  readonly seed: number;
  readonly variationSeed: number | undefined;
}

/** What draws. */
export interface OpenedModel {
  readonly pipeline: AnyPipeline;
  /** What enlarges its pictures. */
  readonly upscaler: SuperResolution | undefined;
  readonly name: string;
  /** The colours of its latents, where it tells. */
  readonly latentRgb?: LatentRgb | undefined;
}

/** A job that can be run. */
export interface Resolved {
  readonly job: Job;
  /** The job's options with the model's defaults filled in; what the record keeps. */
  readonly settings: Given;
  readonly sampler: { readonly name: string; readonly schedule?: string };
  readonly modelName: string;
  /** What a run of it will do, as the pipeline says. */
  readonly plan: RunPlan;
  /** The colours of the model's latents, where it tells. */
  readonly latentRgb: LatentRgb | undefined;
  /** What it would do with another eta. */
  planWith(options: Pick<RunOptions, "eta">): RunPlan;
  stream(batch: Batch, signal: AbortSignal): AsyncGenerator<Preview, readonly Image[]>;
  /** What is done to a picture before it is written. */
  finish(picture: Rgb): Rgb;
}

/** Options that say nothing about the picture, or not beyond this machine. */
const NOT_RECORDED: readonly OptionKey[] = [
  "model",
  "upscaler",
  "revision",
  "variant",
  "dtype",
  "device",
  "engine",
  "threads",
  "offline",
  "cacheDir",
  "size",
  "promptFile",
  "batchCount",
  "batchSize",
  "fromImage",
  "output",
  "overwrite",
  "quality",
  "grid",
  "animate",
  "noMetadata",
  "json",
  "preview",
  "previewInterval",
  "previewPath",
  "quiet",
  "verbose",
  "debug",
  "plot",
  "dryRun",
];

const leaf = (path: string): string => path.split(/[\\/]/).at(-1)!;

function recorded(given: Given): Given {
  const paths: Partial<Record<OptionKey, string>> = {}; // the name, not where it lies
  for (const key of ["initImg", "mask"] as const) {
    if (given[key] !== undefined) paths[key] = leaf(given[key]);
  }
  const kept = Object.entries({ ...given, ...paths })
    .filter(([key]) => !NOT_RECORDED.includes(key as OptionKey))
    .filter(([key]) => key !== "strength" || given.initImg !== undefined);
  return Object.fromEntries(kept) as Given;
}

/** Splits a job's pictures into runs; varied pictures share the seed, as in A1111. */
export function* planBatches(job: Job): Generator<Batch> {
  const { batchCount = 1, batchSize = 1 } = job.given;
  for (let k = 0; k < batchCount; k++) {
    const offset = k * batchSize;
    const { variationSeed } = job;
    yield variationSeed === undefined
      ? { size: batchSize, seed: job.seed + offset, variationSeed }
      : { size: batchSize, seed: job.seed, variationSeed: variationSeed + offset };
  }
}

/**
 * Fills in what the options leave to the model and checks it all, before any network is opened.
 *
 * @throws {CliError} An option does not suit the model, or a value makes no run.
 */
export async function resolveJob(
  job: Job,
  { pipeline, upscaler, name: modelName, latentRgb }: OpenedModel,
  input: InputPicture | undefined,
): Promise<Resolved> {
  const { given } = job;
  const task = taskOf(pipeline, given);
  const { defaults }: Pipeline<never> = pipeline;
  // An upscaler sees the picture as it is, and so does who repaints a part of it.
  const enlarges = task === "super-resolution" || given.enlarge !== undefined;
  const whole = enlarges || given.maskPadding !== undefined;
  const size = enlarges
    ? givenSize(given)
    : outputSize(given, whole ? undefined : input?.picture, defaults);
  const steps = given.steps ?? (hasOwnSteps(task) ? undefined : defaults.steps);
  // Without a prompt there is nothing to follow.
  const scale = task === "restore" && given.prompt === undefined ? 1 : defaults.guidanceScale;
  const { Cascade, resize } = await import("@shum/pipelines");
  const sized = (picture: Rgb): Rgb =>
    whole ? picture : resize(picture, size.width!, size.height!) as Rgb;
  const mask = input?.mask && sized(maskPicture(input.mask));
  const source = input && { picture: sized(input.picture), mask };
  const seam = mask && seamMask(greyOf(mask), given);
  const byLevels = given.sigmas ?? given.timesteps;
  const levels = byLevels === undefined && steps !== undefined ? { steps } : {};
  const method = scoreMethodOf(given);
  const settings: Given = {
    ...recorded(given),
    ...levels,
    ...size,
    cfgScale: guidanceScaleOf(given, scale),
    rng: given.rng ?? "torch",
    ...(takesStrength(task) ? { strength: strengthOf(given) } : {}),
  };
  const base: RunOptions = {
    ...await refusing(() => chosenGuidance(given, scale)),
    ...levels,
    ...size,
    rng: settings.rng!,
    ...(given.sigmas === undefined ? {} : { sigmas: readNumbers("sigmas", given.sigmas) }),
    ...(given.timesteps === undefined
      ? {}
      : { timesteps: readNumbers("timesteps", given.timesteps) }),
    ...(given.sampler === undefined || method ? {} : { sampler: given.sampler }),
    ...(given.schedule === undefined ? {} : { schedule: given.schedule }),
    ...(given.eta === undefined ? {} : { eta: given.eta }),
    // Ours counts layers as A1111 does, from 1; the pipelines count those left out.
    ...(given.clipSkip === undefined || given.clipSkip === 1
      ? {}
      : { clipSkip: given.clipSkip - 1 }),
    ...(given.variationStrength === undefined
      ? {}
      : { variationStrength: given.variationStrength }),
  };
  const runner = await refusing(() =>
    runnerOf(
      task,
      pipeline,
      given,
      source,
      (base) =>
        upscaler ? new Cascade(base, [{ pipeline: upscaler, noiseLevel: given.noiseLevel }]) : base,
    )
  );
  const optionsOf = ({ size, seed, variationSeed }: Batch): RunOptions => ({
    ...base,
    seed,
    images: size,
    ...(variationSeed === undefined ? {} : { variationSeed }),
  });
  const [first] = planBatches(job);
  const plan = await refusing(() => runner.plan(optionsOf(first!)));
  return {
    job,
    settings,
    latentRgb,
    sampler: method ? { name: method } : samplerLabels(given, plan.scheduler),
    modelName,
    plan,
    planWith: (options) => runner.plan({ ...optionsOf(first!), ...options }),
    stream: (batch, signal) => runner.stream({ ...optionsOf(batch), signal }),
    finish: (picture) =>
      source !== undefined && seam !== undefined
        ? pasteBack(picture, source.picture, seam)
        : picture,
  };
}

/** What a package refuses while nothing is opened is a wrong option. */
async function refusing<T>(choose: () => T | Promise<T>): Promise<T> {
  try {
    return await choose();
  } catch (error) {
    const refused = error instanceof RangeError || error instanceof TypeError;
    if (refused && isSentence(error.message)) throw usageError(explain(error).message);
    throw error;
  }
}

/** The size of an enlarged picture, where it is given; the model decides the rest. */
function givenSize({ width, height }: Given): { width?: number; height?: number } {
  return { ...width !== undefined && { width }, ...height !== undefined && { height } };
}

function greyOf({ width, height, data }: Rgb) {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => data[3 * i]!),
  };
}
