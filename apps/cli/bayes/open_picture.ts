/**
 * What `classify` and `likelihood` share: one picture, as the samples of an open model.
 *
 * @module
 */

import type { OpenModel, OpenOptions } from "@shum/pipelines";
import { usageError } from "../exit_codes.ts";
import { openModels } from "../open_models.ts";
import { flagOf, type Given, type OptionKey } from "../options/options.ts";
import { readInputPicture } from "../picture/input_picture.ts";
import type { Rgb } from "../picture/png.ts";
import type { Progress } from "../progress.ts";

/** Options that any command takes. */
const COMMON: readonly OptionKey[] = [
  "model",
  "revision",
  "variant",
  "dtype",
  "device",
  "threads",
  "offline",
  "cacheDir",
  "vaeTiling",
  "clipSkip",
  "seed",
  "width",
  "height",
  "size",
  "json",
  "quiet",
  "verbose",
];

/**
 * Reads the one picture of a command.
 *
 * @param command What it is called.
 * @param words The words of the command line.
 * @param given The options.
 * @param own The options that it takes, beside those of any command.
 * @throws {CliError} There is not one word, an option is another command's, or the file is no picture.
 */
export async function readOnePicture(
  command: string,
  words: readonly string[],
  given: Given,
  own: readonly OptionKey[],
): Promise<Rgb> {
  const [path] = words;
  if (path === undefined || words.length > 1) {
    throw usageError(
      `Cannot use ${command} with ${words.length} words: expected one picture, such as cat.png`,
    );
  }
  const keys = Object.keys(given) as OptionKey[];
  const wrong = keys.find((key) => !COMMON.includes(key) && !own.includes(key));
  if (wrong !== undefined) {
    const expected = own.map((key) => `--${flagOf(key)}`).join(", ");
    throw usageError(
      `Cannot use --${flagOf(wrong)} with ${command}; expected of such options ${expected}`,
    );
  }
  return (await readInputPicture({ initImg: path }))!.picture;
}

/** A picture as a model has it. */
export interface OpenedPicture {
  readonly model: OpenModel;
  /** The picture, as a sample. */
  readonly x0: Float32Array;
  /** The model's name. */
  readonly name: string;
}

/**
 * Opens a model with prompts, and brings a picture to its size.
 *
 * @param picture The picture; resized to `--size`, or to what the model was trained on.
 * @param prompts What the model is asked about; none where it reads none.
 * @param work What to do while it is open.
 * @throws {CliError} The model is of another kind.
 */
export async function withPicture<Result>(
  picture: Rgb,
  prompts: readonly string[] | undefined,
  given: Given,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
  work: (opened: OpenedPicture) => Promise<Result>,
): Promise<Result> {
  await using opened = await openModels(given, progress, signal);
  const { pipeline, name } = opened;
  const { resize, toTensor } = await import("@shum/pipelines");
  const { width = pipeline.defaults.width, height = pipeline.defaults.height } = given;
  const options: OpenOptions = {
    width,
    height,
    guidanceScale: 1, // a guided network is nobody's probability
    signal,
    ...(given.clipSkip ?? 1) > 1 && { clipSkip: given.clipSkip! - 1 },
  };
  if (pipeline.kind === "class-conditional") {
    throw usageError("Cannot use this model: it makes pictures of classes; expected one of texts");
  }
  if (pipeline.kind === "unconditional" && prompts !== undefined) {
    throw usageError("Cannot use a prompt: the model reads no text; expected a model of texts");
  }
  await using model = pipeline.kind === "unconditional"
    ? await pipeline.open(options)
    : await pipeline.open({ prompt: prompts ?? "" }, options);
  const x0 = await model.fromPixels(toTensor(resize(picture, width, height)));
  return await work({ model, x0, name });
}
