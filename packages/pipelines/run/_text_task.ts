/**
 * What all tasks of models of texts share.
 *
 * @module
 */
import { positiveBranch } from "@shum/guidance";
import { encodeConditions, promptsOf, textGuidance } from "./_text_conditions.ts";
import type { ModelParts } from "../model_parts.ts";
import type { RunOptions } from "../pipeline.ts";
import type { RunPlan } from "./run_plan.ts";
import type { ConditionGroup, Task } from "./task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

/**
 * The part of a task that concerns its prompts.
 *
 * @param parts The model.
 * @param input The prompts.
 * @param options What the caller said.
 * @returns A task that begins from noise.
 * @throws {TypeError | RangeError} When the prompts are not usable.
 */
export function textTask(parts: TextParts, input: TextInput, options: RunOptions): Task {
  return {
    images: promptsOf(input).length,
    guidance: textGuidance(input, options, parts.defaults.guidanceScale, parts),
    branches: [
      "positive",
      ...(input.composed ?? []).map((_, k) => positiveBranch(k + 1)),
      "negative",
    ],
    encode: (plan) => encodePrompts(parts, input, options, plan),
  };
}

/**
 * The part of a task that concerns its prompts, if there are any: without one nothing is guided.
 *
 * @param parts The model, which need not read prompts.
 * @param input The prompts.
 * @param options What the caller said.
 * @returns A task that begins from noise.
 * @throws {TypeError | RangeError} When the prompts are not usable, or the model takes its channels or none.
 */
export function optionalTextTask(
  parts: ModelParts,
  { prompt, negativePrompt, composed }: Partial<TextInput>,
  options: RunOptions,
): Task {
  if (!readsText(parts)) {
    if (prompt === undefined) return {};
    throw new TypeError("Cannot make image from text: the model reads no prompts; expected none");
  }
  if (parts.inChannels !== parts.channels) {
    throw new TypeError(
      `Cannot use model for this: it reads ${parts.inChannels} channels; expected ` +
        `${parts.channels}, its samples' own`,
    );
  }
  const unguided = prompt === undefined ? { guidanceScale: 1, ...options } : options;
  return textTask(parts, { prompt: prompt ?? "", negativePrompt, composed }, unguided);
}

/**
 * Whether a model reads prompts.
 *
 * @param parts The model.
 * @returns Whether it has a text encoder.
 */
export function readsText(parts: ModelParts): parts is TextParts {
  return "promptEncoder" in parts;
}

/**
 * Encodes the prompts of a run.
 *
 * @param parts The model.
 * @param input The prompts.
 * @param options What the caller said.
 * @param plan The run.
 * @param alike Whether all prompts are to have one length, though images then depend on their batch.
 * @returns What each branch tells the network, for each group of images.
 */
export async function encodePrompts(
  parts: TextParts,
  input: TextInput,
  options: RunOptions,
  { branches, width, height }: RunPlan,
  alike = false,
): Promise<readonly ConditionGroup[]> {
  await using encoder = await parts.promptEncoder.acquire();
  return await encodeConditions(encoder.value, input, {
    branches,
    size: [height, width],
    options,
    facts: parts,
    scale: parts.defaults.guidanceScale,
    alike,
  });
}
