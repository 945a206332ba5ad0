/**
 * What a model's files say of it: sizes, scales, defaults.
 *
 * @module
 */
import { type ModelFiles, type ModelIndex, readConfig } from "@shum/models";
import type { SchedulerConfig } from "@shum/schedulers";
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

/** A scheduler's configuration. */
export async function schedulerConfig(
  files: ModelFiles,
  component: string = "scheduler",
): Promise<SchedulerConfig> {
  return await files.json(component, "scheduler_config.json") as SchedulerConfig;
}

/** `sample_size`, which is one number or `[height, width]`, in pixels. */
export function trainedSize(network: Json, scaleFactor: number): { width: number; height: number } {
  const size = network.sample_size;
  const [height, width] = Array.isArray(size) ? size as number[] : [size, size] as number[];
  return {
    height: (height ?? 64) * scaleFactor,
    width: (width ?? height ?? 64) * scaleFactor,
  };
}

/**
 * How often a U-Net halves its input, as a factor. Exported graphs double by scale, so sizes that this
 * does not divide come back as others and do not fit together.
 */
export function halvings({ block_out_channels: blocks }: Json): number {
  return Array.isArray(blocks) ? 2 ** (blocks.length - 1) : 1;
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
    throw new TypeError(
      `Cannot open model: default_${key} of model_index.json is ${own}; expected a number`,
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
  return few[name] ?? otherwise;
}
