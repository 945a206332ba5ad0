/**
 * From prompts to what a text-conditional denoiser is told.
 *
 * @module
 */
import { type Branch, composable, type Guidance, none, positiveBranch } from "@shum/guidance";
import {
  batchConditions,
  type Condition,
  guidanceEmbedding,
  type Prompt,
  type PromptEncoder,
} from "@shum/models";
import { mapConditions } from "./_conditions.ts";
import { guidanceFor } from "./_guidance.ts";
import type { RunOptions } from "../pipeline.ts";
import type { ConditionGroup } from "./task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextFacts } from "../text_parts.ts";

/**
 * The prompts of an input, as a list.
 *
 * @param input What to make.
 * @returns One prompt, or one per image.
 * @throws {TypeError} When a prompt is not text.
 * @throws {RangeError} When there are several negative prompts, but not one per prompt.
 */
export function promptsOf(input: TextInput): readonly Prompt[] {
  const prompts = listOf(input.prompt) ?? [];
  if (prompts.length === 0) {
    throw new TypeError("Cannot make image: there are 0 prompts; expected one, or one per image");
  }
  const negative = listOf(input.negativePrompt)?.length ?? 1;
  if (negative !== 1 && negative !== prompts.length) {
    throw new RangeError(
      `Cannot make images: there are ${prompts.length} prompts and ${negative} negative prompts; ` +
        `expected one negative prompt, or one per prompt`,
    );
  }
  return prompts;
}

function listOf(prompts: Prompt | readonly Prompt[] | undefined): readonly Prompt[] | undefined {
  if (prompts === undefined) return undefined;
  const list = (Array.isArray(prompts) ? prompts : [prompts]) as readonly Prompt[];
  for (const prompt of list) {
    const text: unknown = typeof prompt === "object" ? prompt?.text : prompt;
    if (typeof text !== "string") {
      throw new TypeError(`Cannot make image: a prompt is ${typeof text}; expected text`);
    }
  }
  return list;
}

/**
 * The guidance of a text-conditional run. A network that is told the scale itself (LCM) gets none, as in
 * diffusers; further prompts make it composable.
 *
 * @param input The prompts.
 * @param options What the caller said.
 * @param scale The scale when the caller said nothing.
 * @param facts What the network is told.
 * @returns The guidance.
 */
export function textGuidance(
  input: TextInput,
  options: RunOptions,
  scale: number,
  facts: TextFacts,
): Guidance {
  const { composed = [] } = input;
  if (composed.length > 0 && !options.guidance) {
    const weights = [options.guidanceScale ?? scale, ...composed.map(({ weight }) => weight)];
    return composable({ weights });
  }
  if (facts.timeCondProjDim !== undefined && !options.guidance) return none();
  return guidanceFor(options, scale);
}

/** What decides how prompts are encoded. */
export interface EncodeRun {
  /** Which branches the run will ask for. */
  readonly branches: readonly Branch[];
  /** `[height, width]` of the output in pixels. */
  readonly size: readonly [height: number, width: number];
  /** What the caller said. */
  readonly options: RunOptions;
  /** What the network is told. */
  readonly facts: TextFacts;
  /** The guidance scale when the caller said nothing. */
  readonly scale: number;
  /** Whether all prompts are to have one length. */
  readonly alike: boolean;
}

/** The prompts of one image, or of all. */
type Prompts = readonly [branch: Branch, prompts: readonly (Prompt | undefined)[]][];

/**
 * Encodes all prompts of a run. What belongs to one image is encoded in one go, so that its branches have
 * one length; images of different lengths go to different groups.
 *
 * @param encoder The model's text side.
 * @param input The prompts.
 * @param run What decides how they are encoded.
 * @returns What each branch tells the network, for each group of images.
 */
export async function encodeConditions(
  encoder: PromptEncoder,
  input: TextInput,
  run: EncodeRun,
): Promise<readonly ConditionGroup[]> {
  const positive = promptsOf(input);
  const negative = listOf(input.negativePrompt) ?? [undefined];
  const setOf = (
    positive: readonly Prompt[],
    negative: readonly (Prompt | undefined)[],
  ): Prompts => {
    const lists: [Branch, readonly (Prompt | undefined)[]][] = [["positive", positive]];
    input.composed?.forEach(({ prompt }, k) => lists.push([positiveBranch(k + 1), [prompt]]));
    if (run.branches.includes("negative")) lists.push(["negative", negative]);
    return lists;
  };
  if (positive.length === 1 || run.alike) {
    return [{ conditions: await encodeSet(encoder, setOf(positive, negative), run) }];
  }
  const groups = new Map<number, { images: number[]; sets: Conditions[] }>();
  for (const [i, prompt] of positive.entries()) {
    const own = setOf([prompt], [negative[negative.length === 1 ? 0 : i]]);
    const set = await encodeSet(encoder, own, run);
    const length = set.positive!.inputs.encoder_hidden_states?.shape[1] ?? 0;
    const group = groups.get(length) ?? { images: [], sets: [] };
    groups.set(length, group);
    group.images.push(i);
    group.sets.push(set);
  }
  return [...groups.values()].map(({ images, sets }) => ({
    ...groups.size > 1 && { images },
    conditions: mapConditions(
      sets[0]!,
      (_, branch) => batchConditions(sets.map((set) => set[branch]!)),
    ),
  }));
}

type Conditions = Readonly<Partial<Record<Branch, Condition>>>;

async function encodeSet(
  encoder: PromptEncoder,
  lists: Prompts,
  { size, options, facts, scale }: EncodeRun,
): Promise<Conditions> {
  const { clipSkip, syntax, signal, originalSize = size, cropTopLeft, targetSize = size } = options;
  const about = { originalSize, targetSize, ...cropTopLeft && { cropTopLeft } };
  const conditions: Partial<Record<Branch, Condition>> = {};
  // Both sides in one call, unless they are read in different ways: diffusers skips layers for the
  // positive side only, and the refiner is told another aesthetic score for each.
  const apart = facts.aesthetics || (clipSkip ?? 0) > 0;
  for (const group of apart ? lists.map((list) => [list]) : [lists]) {
    const isNegative = apart && group[0]![0] === "negative";
    const aestheticScore = isNegative ? 2.5 : 6;
    const encoded = await encoder.encode(group.flatMap(([, list]) => list), {
      syntax,
      signal,
      clipSkip: isNegative ? 0 : clipSkip,
      size: facts.aesthetics ? { ...about, aestheticScore } : about,
    });
    let from = 0;
    for (const [branch, list] of group) {
      const own = encoded.slice(from, from += list.length);
      conditions[branch] = own.length === 1 ? own[0]! : batchConditions(own);
    }
  }
  const width = facts.timeCondProjDim;
  if (width === undefined) return conditions;
  const told = { timestep_cond: guidanceEmbedding(options.guidanceScale ?? scale, width) };
  return mapConditions(conditions, ({ inputs }) => ({ inputs: { ...inputs, ...told } }));
}
