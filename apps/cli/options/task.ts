/**
 * Which task a job is: from a prompt, a class or nothing; from a picture, with a mask, or enlarging it.
 *
 * @module
 */

import type {
  AnyPipeline,
  Image,
  Picture,
  Pipeline,
  Preview,
  RunOptions,
  RunPlan,
  TextInput,
  TextToImage,
} from "@shum/pipelines";
import { readWeighted } from "./args.ts";
import { scoreMethods } from "@shum/schedulers";
import { usageError } from "../exit_codes.ts";
import { flagOf, type Given, type OptionKey } from "./options.ts";
import { repairOf } from "./repair.ts";

/** How much a picture is changed. */
export const strengthOf = ({ strength = 0.75 }: Given): number => strength;

/** What can be done with the models there are. */
export type Task = keyof typeof TASKS;

const TEXT = ["prompt", "negativePrompt", "also", "clipSkip"] as const;
const PICTURE = ["initImg", "mask", "invertMask", "maskBlur"] as const;
const REPAIR = [...PICTURE, "method", "colorize", "enlarge", "denoise"] as const;

interface TaskFacts {
  readonly does: string;
  /** Options that it cannot be without. */
  readonly needs: readonly OptionKey[];
  /** Of the options that only some tasks take, those that it does. */
  readonly takes: readonly OptionKey[];
}

/** What each task does, and the options that only some tasks take. */
const TASKS = {
  "text-to-image": { does: "makes pictures of texts", needs: ["prompt"], takes: TEXT },
  "cascade": {
    does: "makes pictures of texts and enlarges them",
    needs: ["prompt"],
    takes: [...TEXT, "upscaler", "noiseLevel"],
  },
  "image-to-image": {
    does: "changes a picture",
    needs: ["prompt"],
    takes: [...TEXT, "initImg", "strength"],
  },
  "inpaint": {
    does: "repaints a part of a picture",
    needs: ["prompt"],
    takes: [...TEXT, ...PICTURE, "strength", "maskPadding", "method"],
  },
  "restore": { does: "repairs a picture", needs: ["initImg"], takes: [...TEXT, ...REPAIR] },
  "score-based": { does: "makes pictures by the score", needs: ["prompt"], takes: TEXT },
  "super-resolution": {
    does: "enlarges pictures",
    needs: ["initImg", "prompt"],
    takes: [...TEXT, "initImg", "noiseLevel"],
  },
  "class-conditional": { does: "makes pictures of classes", needs: ["class"], takes: ["class"] },
  "unconditional": { does: "makes pictures without being told what", needs: [], takes: [] },
  "pixel-restore": { does: "repairs a picture", needs: ["initImg"], takes: REPAIR },
  "pixel-score-based": { does: "makes pictures by the score", needs: [], takes: [] },
  "pixel-inpaint": {
    does: "makes a part of a picture anew",
    needs: [],
    takes: [...PICTURE, "method"],
  },
  "denoise-image": {
    does: "takes the noise from a picture",
    needs: [],
    takes: ["initImg", "noise"],
  },
  "colorize": { does: "gives a picture colours", needs: [], takes: ["initImg", "colorize"] },
} as const satisfies Record<string, TaskFacts>;

/** Whether a task changes a picture by so much. */
export function takesStrength(task: Task): boolean {
  const { takes }: TaskFacts = TASKS[task];
  return takes.includes("strength");
}

/** Whether a task has steps of its own where nothing is said, instead of the model's. */
export function hasOwnSteps(task: Task): boolean {
  return /restore$|score-based$/.test(task);
}

/** The score-based sampler that the options name, if they do. */
export function scoreMethodOf({ sampler }: Given): typeof scoreMethods[number] | undefined {
  const name = sampler?.toLowerCase().replaceAll(/[\s_]/g, "-");
  return scoreMethods.find((method) => method === name);
}

const CHOOSING: ReadonlySet<OptionKey> = new Set(
  Object.values(TASKS).flatMap(({ takes }) => [...takes]),
);

/**
 * The task that a model and the options make.
 *
 * @throws {CliError} An option is missing, or is one of another task.
 */
export function taskOf(pipeline: AnyPipeline, given: Given): Task {
  const task = pipeline.kind === "text-to-image"
    ? textTask(pipeline, given)
    : pipeline.kind === "unconditional"
    ? pixelTask(given)
    : pipeline.kind;
  const { does, needs, takes: own }: TaskFacts = TASKS[task];
  const missing = needs.find((key) => given[key] === undefined);
  if (missing !== undefined) {
    const expected = missing === "prompt"
      ? "--prompt, words, or --prompt-file (see --help)"
      : `--${flagOf(missing)}`;
    throw usageError(`Cannot make a picture: the model ${does}; expected ${expected}`);
  }
  const wrong = [...CHOOSING].find((key) => given[key] !== undefined && !own.includes(key));
  if (wrong === undefined) return task;
  const others = own.map((key) => `--${flagOf(key)}`).join(", ");
  throw usageError(
    `Cannot use ${wrong === "prompt" ? "a prompt" : `--${flagOf(wrong)}`}: ` +
      `${task === pipeline.kind ? "the model" : "this run"} ${does}` +
      (others === "" ? "" : `; expected of such options ${others}`),
  );
}

function repairs({ colorize, enlarge, denoise, mask, method }: Given): boolean {
  return (colorize ?? false) || enlarge !== undefined || denoise !== undefined ||
    (mask !== undefined && method === "ddnm");
}

function textTask({ enlarges }: TextToImage, given: Given): Task {
  const { initImg, mask, upscaler } = given;
  if (enlarges) return "super-resolution";
  if (scoreMethodOf(given)) return "score-based";
  if (repairs(given)) return "restore";
  if (mask !== undefined) return "inpaint";
  if (initImg !== undefined) return "image-to-image";
  return upscaler === undefined ? "text-to-image" : "cascade";
}

function pixelTask(given: Given): Task {
  const { initImg, mask, noise, colorize } = given;
  if (scoreMethodOf(given)) return "pixel-score-based";
  if (initImg === undefined) return "unconditional";
  const { colorize: _, ...others } = given;
  if (repairs(others)) return "pixel-restore";
  if (mask !== undefined) return "pixel-inpaint";
  if (colorize) return "colorize";
  if (noise !== undefined) return "denoise-image";
  throw usageError(
    "Cannot start from a picture: the model reads no text; expected --mask, --noise or --colorize, " +
      "--denoise or --enlarge",
  );
}

/** A task with its input. */
export interface TaskRunner {
  /** Says what a run will do. */
  plan(options: RunOptions): RunPlan;
  /** Starts a run. */
  stream(options: RunOptions): AsyncGenerator<Preview, readonly Image[]>;
}

/**
 * What plans and starts the runs of a task.
 *
 * @param drawn What makes pictures of texts: the pipeline, or a cascade that begins with it.
 */
export async function runnerOf(
  task: Task,
  pipeline: AnyPipeline,
  given: Given,
  input: { readonly picture: Picture; readonly mask: Picture | undefined } | undefined,
  drawn: (base: TextToImage) => Pipeline<TextInput>,
): Promise<TaskRunner> {
  const image = input?.picture as Picture; // there where the task takes one
  const mask = input?.mask as Picture;
  const method = scoreMethodOf(given);
  if (pipeline.kind === "class-conditional") {
    const label = /^\d+$/.test(given.class!) ? Number(given.class) : given.class!;
    return bound(pipeline, { label });
  }
  if (pipeline.kind === "unconditional") {
    if (task === "pixel-score-based") return bound(pipeline.scoreBased, { method: method! });
    if (task === "pixel-restore") {
      return bound(pipeline.restore, await repairOf(given, image, mask));
    }
    if (task === "colorize") return bound(pipeline.colorize, { image });
    if (task === "pixel-inpaint") return bound(pipeline.inpaint, { image, mask });
    if (task === "denoise-image") {
      return bound(pipeline.denoiseImage, { image, noise: given.noise! });
    }
    return bound(pipeline, {});
  }
  const more = {
    ...(given.negativePrompt ? { negativePrompt: given.negativePrompt } : {}),
    ...(given.also ? { composed: given.also.map(readWeighted) } : {}),
  };
  const text: TextInput = { prompt: given.prompt!, ...more };
  const { noiseLevel, maskPadding: paddingMaskCrop } = given;
  const strength = strengthOf(given);
  switch (task) {
    case "super-resolution":
      return bound(pipeline.superResolution, { ...text, image, noiseLevel });
    case "restore": {
      const prompted = given.prompt === undefined ? more : text;
      return bound(pipeline.restore, { ...prompted, ...await repairOf(given, image, mask) });
    }
    case "score-based":
      return bound(pipeline.scoreBased, { ...text, method: method! });
    case "inpaint":
      return bound(pipeline.inpaint, { ...text, image, mask, strength, paddingMaskCrop });
    case "image-to-image":
      return bound(pipeline.imageToImage, { ...text, image, strength });
    default:
      return bound(drawn(pipeline), text);
  }
}

function bound<Input>(pipeline: Pipeline<Input>, input: Input): TaskRunner {
  return {
    plan: (options) => pipeline.plan(input, options),
    stream: (options) => pipeline.stream(input, options),
  };
}
