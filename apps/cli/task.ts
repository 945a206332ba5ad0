/**
 * Which task a job is: from a prompt, a class or nothing; from a picture, with a mask, or enlarging it.
 *
 * @module
 */

import type {
  AnyPipeline,
  Image,
  Picture,
  Preview,
  RunOptions,
  TextToImage,
} from "@shum/pipelines";
import { readWeighted } from "./args.ts";
import { usageError } from "./exit_codes.ts";
import { flagOf, type Given } from "./options.ts";

/** How much a picture is changed. */
export const strengthOf = ({ strength = 0.75 }: Given): number => strength;

/** Whether the model only enlarges pictures. */
export function doesEnlarge(pipeline: AnyPipeline): boolean {
  return pipeline.kind === "text-to-image" && pipeline.enlarges;
}

/**
 * Checks that the options suit the model's tasks.
 *
 * @throws {CliError} One is missing, or is one of another task.
 */
export function requireTask(pipeline: AnyPipeline, given: Given): void {
  requireKind(pipeline.kind, given);
  requireEnlarging(doesEnlarge(pipeline), given);
}

function requireKind(kind: AnyPipeline["kind"], given: Given): void {
  const text = kind === "text-to-image";
  if (text && given.prompt === undefined) {
    throw usageError(
      "Cannot make a picture: expected --prompt, words, or --prompt-file (see --help)",
    );
  }
  if (!text) {
    const textOnly = ["prompt", "negativePrompt", "also", "initImg", "mask", "clipSkip"] as const;
    const wrong = textOnly.find((key) => given[key] !== undefined);
    if (wrong !== undefined) {
      throw usageError(
        `Cannot use ${
          wrong === "prompt" ? "a prompt" : `--${flagOf(wrong)}`
        }: the model makes pictures ` +
          (kind === "class-conditional"
            ? "of classes; expected --class"
            : "without being told what"),
      );
    }
  }
  if (kind === "class-conditional" && given.class === undefined) {
    throw usageError(
      "Cannot make a picture: the model makes pictures of classes; expected --class",
    );
  }
  if (kind !== "class-conditional" && given.class !== undefined) {
    throw usageError("Cannot use --class: the model is not class-conditional; expected --prompt");
  }
}

/** An upscaler needs a picture, the others do not know what a noise level is. */
function requireEnlarging(enlarges: boolean, given: Given): void {
  if (!enlarges) {
    if (given.noiseLevel === undefined) return;
    throw usageError("Cannot use --noise-level: the model is no upscaler; expected --strength");
  }
  if (given.initImg === undefined) {
    throw usageError("Cannot make a picture: the model enlarges pictures; expected --init-img");
  }
  const wrong = (["mask", "strength"] as const).find((key) => given[key] !== undefined);
  if (wrong === undefined) return;
  throw usageError(
    `Cannot use --${flagOf(wrong)}: the model enlarges whole pictures; see --noise-level`,
  );
}

/** What starts a run: that of the task which the pipeline and the given pictures make. */
export function starterOf(
  pipeline: AnyPipeline,
  given: Given,
  input: { picture: Picture; mask: Picture | undefined } | undefined,
): (options: RunOptions) => AsyncGenerator<Preview, readonly Image[]> {
  if (pipeline.kind === "unconditional") return (options) => pipeline.stream({}, options);
  if (pipeline.kind === "class-conditional") {
    const label = /^\d+$/.test(given.class!) ? Number(given.class) : given.class!;
    return (options) => pipeline.stream({ label }, options);
  }
  const text: Parameters<TextToImage["stream"]>[0] = {
    prompt: given.prompt!,
    ...(given.negativePrompt ? { negativePrompt: given.negativePrompt } : {}),
    ...(given.also ? { also: given.also.map(readWeighted) } : {}),
  };
  if (input === undefined) return (options) => pipeline.stream(text, options);
  const { picture, mask } = input;
  if (pipeline.enlarges) {
    const { noiseLevel } = given;
    return (options) =>
      pipeline.superResolution.stream({ ...text, image: picture, noiseLevel }, options);
  }
  const strength = strengthOf(given);
  if (mask === undefined) {
    return (options) =>
      pipeline.imageToImage.stream({ ...text, image: picture, strength }, options);
  }
  const paddingMaskCrop = given.maskPadding;
  return (options) =>
    pipeline.inpaint.stream({ ...text, image: picture, mask, strength, paddingMaskCrop }, options);
}
