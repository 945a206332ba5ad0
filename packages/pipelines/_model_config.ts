/**
 * What a model's files say of it: sizes, scales, defaults.
 *
 * @module
 */
import { type ModelFiles, type ModelIndex, readConfig } from "@shum/models";
import { Scheduler, type SchedulerConfig } from "@shum/schedulers";
import type { Defaults } from "./pipeline.ts";

/** A configuration file. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is an object. */
export const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null;
/** Whether a value is a whole number above 0. */
export const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0;

/** model_index.json. */
export async function modelIndex(files: ModelFiles): Promise<ModelIndex> {
  const index = files.index ?? await readConfig(files, "", "model_index.json");
  if (typeof index._class_name === "string") return index as ModelIndex;
  throw new TypeError(
    `Cannot open model "${
      modelName(files)
    }": its model_index.json has no _class_name; expected the ` +
      `name of a pipeline class`,
  );
}

/** What messages call a model. */
export function modelName({ id }: ModelFiles): string {
  return id ?? "in memory";
}

/**
 * A scheduler's configuration, with what a VAE says about it: latents are not bounded by 1, so
 * `clip_sample` is false where the config's own class does not clip by the config's own word. Its
 * default, true in some classes, is that of models of pixels; and a sampler that is named instead of
 * the model's own inherits what is said here.
 */
export async function schedulerConfig(
  files: ModelFiles,
  component: string = "scheduler",
): Promise<SchedulerConfig> {
  const json = await files.json(component, "scheduler_config.json");
  if (!isRecord(json)) {
    throw new TypeError(
      `Cannot open model: ${component}/scheduler_config.json is ${
        JSON.stringify(json)?.slice(0, 60)
      }; expected an object`,
    );
  }
  checkKinds(json, `${component}/scheduler_config.json`);
  const config = json as unknown as SchedulerConfig;
  const { clip_sample, _use_default_values: inherited = [] } = config;
  if (!files.has("vae_decoder")) return config;
  const said = clip_sample === true && !inherited.includes("clip_sample");
  if (said && Scheduler.fromConfig(config).clip) return config;
  const _use_default_values = inherited.filter((key) => key !== "clip_sample");
  return { ...config, clip_sample: false, ...inherited.length > 0 && { _use_default_values } };
}

/** The two keys of a scheduler's configuration that are read before the scheduler checks it. */
function checkKinds(config: Json, file: string): void {
  const wrong = (key: string, expected: string) =>
    new TypeError(
      `Cannot open model: ${key} of ${file} is ${JSON.stringify(config[key]).slice(0, 60)}; ` +
        `expected ${expected}`,
    );
  const { _class_name: name, _use_default_values: inherited } = config;
  if (typeof (name ?? "") !== "string") throw wrong("_class_name", "the name of a scheduler class");
  const keys = inherited === undefined ? [] : inherited;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) {
    throw wrong("_use_default_values", "a list of keys");
  }
}

/**
 * A whole number of a configuration, from 1 to `most`, or undefined where it says none.
 *
 * @throws {TypeError} It is no number.
 * @throws {RangeError} It is another number.
 */
export function countIn(
  json: Json,
  key: string,
  file: string,
  most: number,
  value: unknown = json[key],
): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (isCount(value) && value <= most) return value;
  const message =
    `Cannot open model: ${key} of ${file} is ${JSON.stringify(value).slice(0, 60)}; ` +
    `expected a whole number from 1 to ${most}`;
  throw typeof value === "number" ? new RangeError(message) : new TypeError(message);
}

/** More channels, pixels and levels than any network has. */
const MOST_CHANNELS = 4096;
const MOST_PIXELS = 1 << 16;
const MOST_LEVELS = 12;

/** 2 for each level of a network but the first. */
function levelsIn(json: Json, key: string, file: string): number | undefined {
  const levels = json[key];
  if (levels === undefined || levels === null) return undefined;
  if (Array.isArray(levels) && levels.length >= 1 && levels.length <= MOST_LEVELS) {
    return 2 ** (levels.length - 1);
  }
  throw new TypeError(
    `Cannot open model: ${key} of ${file} is ${
      JSON.stringify(levels).slice(0, 60)
    }; expected a list ` +
      `of 1 to ${MOST_LEVELS} numbers`,
  );
}

/** Channels of a network's input, where its configuration tells. */
export function inChannels(network: Json, component: string): number | undefined {
  return countIn(network, "in_channels", `${component}/config.json`, MOST_CHANNELS);
}

/** `sample_size`, which is one number or `[height, width]`, in pixels. */
export function trainedSize(
  network: Json,
  vaeScaleFactor: number,
  component: string = "unet",
): { width: number; height: number } {
  const key = "sample_size";
  const size = network[key];
  const read = (value: unknown) =>
    countIn(network, key, `${component}/config.json`, MOST_PIXELS / vaeScaleFactor, value);
  const [height, width] = Array.isArray(size) ? [read(size[0]), read(size[1])] : [read(size)];
  return {
    height: (height ?? 64) * vaeScaleFactor,
    width: (width ?? height ?? 64) * vaeScaleFactor,
  };
}

/**
 * How often a U-Net halves its input, as a factor. Exported graphs double by scale, so sizes that this
 * does not divide come back as others and do not fit together.
 */
export function downsamplingFactor(network: Json): number {
  return levelsIn(network, "block_out_channels", "unet/config.json") ?? 1;
}

/** What model_index.json says itself (`default_steps`...) comes before what its family is used with. */
export function defaultsOf(
  index: ModelIndex,
  base: Defaults,
  family: Partial<Defaults> = {},
): Defaults {
  const all = { ...base, ...family };
  const read = (key: string, otherwise: number): number => {
    const own = index[`default_${key}`] ?? otherwise;
    if (typeof own === "number" && Number.isFinite(own)) return own;
    const shown = typeof own === "object" ? JSON.stringify(own).slice(0, 60) : own;
    throw new TypeError(
      `Cannot open model: default_${key} of model_index.json is ${shown}; expected a number`,
    );
  };
  return {
    steps: read("steps", all.steps),
    guidanceScale: read("guidance_scale", all.guidanceScale),
    width: read("width", all.width),
    height: read("height", all.height),
  };
}

/** Steps that a scheduler's models are run with, where it tells. */
export function stepsOf({ _class_name: name }: SchedulerConfig, otherwise: number): number {
  const few: Readonly<Record<string, number>> = {
    LCMScheduler: 4,
    TCDScheduler: 4,
    CMStochasticIterativeScheduler: 1,
    ScoreSdeVeScheduler: 2000,
    ScoreSdeVpScheduler: 2000,
  };
  return Object.hasOwn(few, name) ? few[name]! : otherwise;
}
