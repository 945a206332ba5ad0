/**
 * From options to jobs: one per prompt, with every setting that the options decide.
 *
 * @module
 */

import { usageError } from "./exit_codes.ts";
import { readTexts } from "./image_file.ts";
import { readRecord } from "./metadata.ts";
import { defaultModelFolder } from "./model_choice.ts";
import { flagOf, type Given, type OptionKey, options } from "./options.ts";
import { readPrompts, requirePrompt } from "./prompts.ts";

/** One prompt and its settings. */
export interface Job {
  readonly given: Given;
  /** The seed of the first picture; chosen at random unless it was given. */
  readonly seed: number;
  /** The seed of the first variation, if noise is to be mixed in. */
  readonly variationSeed: number | undefined;
}

/** What a picture's own metadata may not decide: where files are, and which pictures went in. */
const NOT_FROM_IMAGE: readonly OptionKey[] = [
  "model",
  "initImg",
  "mask",
  "invertMask",
  "promptFile",
];
const FROM_IMAGE_GROUPS: readonly string[] = [
  "Prompt",
  "Picture",
  "Sampling",
  "Guidance",
  "Starting from a picture",
];

/** The settings in a picture's metadata, as if they had been given as options. */
export async function givenFromImage(
  path: string,
  note: (text: string) => void,
): Promise<Given> {
  const read = readRecord(await readTexts(path));
  if (read === undefined) {
    throw usageError(
      `Cannot use --from-image ${path}: it holds no settings; expected a picture made by Shum, ` +
        `A1111 or InvokeAI, with its metadata`,
    );
  }
  const taken: Partial<Record<OptionKey, unknown>> = {};
  for (const [key, option] of Object.entries(options) as [OptionKey, { group: string }][]) {
    if (NOT_FROM_IMAGE.includes(key) || !FROM_IMAGE_GROUPS.includes(option.group)) continue;
    const value = read.given[key];
    if (value !== undefined) taken[key] = value;
  }
  if (taken.batchCount !== undefined || taken.batchSize !== undefined) {
    delete taken.batchCount;
    delete taken.batchSize;
  }
  if (read.given.initImg !== undefined) {
    note(`it was made from ${read.given.initImg}: give --init-img to start from that again`);
  }
  note(`settings of ${path}, made by ${read.from}${read.model ? ` with ${read.model}` : ""}`);
  const own = defaultModelFolder().endsWith(`/${read.model}`);
  // A hub id can be found again; a folder's name alone cannot.
  const model = read.from === "Shum" && read.model?.includes("/") && !own ? read.model : undefined;
  return { ...taken as Given, ...(model === undefined ? {} : { model }) };
}

/** Options that say the same thing in different words: a later one replaces all of them. */
const RIVALS: readonly (readonly OptionKey[])[] = [["steps", "sigmas", "timesteps"]];

function merged(base: Given, over: Given): Given {
  const out: Partial<Record<OptionKey, unknown>> = { ...base };
  for (const rivals of RIVALS) {
    if (rivals.some((key) => over[key] !== undefined)) {
      for (const key of rivals) delete out[key];
    }
  }
  // A sampler given anew does not keep the schedule of the old one.
  if (over.sampler !== undefined && over.schedule === undefined) delete out.schedule;
  return { ...out, ...over } as Given;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function oneJob(given: Given): Job {
  const pictures = (given.batchCount ?? 1) * (given.batchSize ?? 1);
  const chosen = (key: "seed" | "variationSeed") => {
    const value = given[key];
    const seed = value === undefined || value === -1 ? randomSeed() : value;
    if (seed <= Number.MAX_SAFE_INTEGER - (pictures - 1)) return seed;
    throw usageError(
      `Cannot use --${flagOf(key)} ${seed} for ${pictures} pictures: the last one would have a ` +
        `seed above ${Number.MAX_SAFE_INTEGER}`,
    );
  };
  const varied = (given.variationStrength ?? 0) > 0;
  if (given.variationSeed !== undefined && !varied) {
    throw usageError("Cannot use --variation-seed without --variation-strength above 0");
  }
  return {
    given,
    seed: chosen("seed"),
    variationSeed: varied ? chosen("variationSeed") : undefined,
  };
}

/** What the words and options of a command line ask for, `--from-image` included. */
export async function readJobs(
  command: Given,
  words: readonly string[],
  note: (text: string) => void,
): Promise<{ given: Given; jobs: readonly Job[] }> {
  const image = command.fromImage === undefined
    ? {}
    : await givenFromImage(command.fromImage, note);
  const given = merged(image, command);
  const typed = words.join(" ").trim();
  const file = typed === "-" ? "-" : command.promptFile;
  const sources = [command.prompt, typed === "" || typed === "-" ? undefined : typed, file]
    .filter((source) => source !== undefined);
  if (sources.length > 1) {
    throw usageError(
      `Cannot use several prompts at once: expected --prompt, words without a flag ("${
        typed.slice(0, 40)
      }"), or --prompt-file`,
    );
  }
  if (file !== undefined) {
    const lines = await readPrompts(file);
    return { given, jobs: lines.map((line) => oneJob(merged(given, line))) };
  }
  const prompt = command.prompt ?? (typed === "" ? given.prompt : typed);
  if (prompt === undefined) return { given, jobs: [oneJob(given)] };
  const job = { ...given, prompt: requirePrompt(prompt, "--prompt") };
  if (given.negativePrompt?.trim()) requirePrompt(given.negativePrompt, "--negative-prompt");
  return { given, jobs: [oneJob(job)] };
}

/** A shell's way of writing a word. */
function shellWord(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that makes one picture again. */
export function commandLine(settings: Given): string {
  const words = ["deno task gen"];
  for (const key of Object.keys(options) as OptionKey[]) {
    const value = settings[key];
    if (value === undefined) continue;
    const flag = `--${flagOf(key)}`;
    if (value === true) words.push(flag);
    else if (typeof value === "object") { for (const v of value) words.push(flag, shellWord(v)); }
    else words.push(flag, shellWord(`${value}`));
  }
  return words.join(" ");
}
