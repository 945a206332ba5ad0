/**
 * From options to jobs: one per prompt, with every setting that the options decide.
 *
 * @module
 */

import { usageError } from "../exit_codes.ts";
import { givenFromImage } from "../metadata/from_image.ts";
import { refuseTooMuch } from "../metadata/picture_budget.ts";
import { flagOf, type Given, type OptionKey, options } from "./options.ts";
import { printable } from "../printable.ts";
import { readPrompts, requirePrompt } from "./prompts.ts";

/** One prompt and its settings. */
export interface Job {
  readonly given: Given;
  /** The seed of the first picture; chosen at random unless it was given. */
  readonly seed: number;
  /** The seed of the first variation, if noise is to be mixed in. */
  readonly variationSeed: number | undefined;
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
    : await givenFromImage(command.fromImage, command, note);
  const given = merged(image, command);
  if (command.fromImage !== undefined) refuseTooMuch(command.fromImage, given, command);
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

/** Settings as the words of a command line. */
export function toArgv(settings: Given): string[] {
  return (Object.keys(options) as OptionKey[]).flatMap((key) => {
    const value: unknown = settings[key];
    const flag = `--${flagOf(key)}`;
    if (value === undefined || value === false) return [];
    if (value === true) return [flag];
    return Array.isArray(value) ? value.flatMap((item) => [flag, `${item}`]) : [flag, `${value}`];
  });
}

/** A shell's way of writing a word; what a terminal would obey is written so that the shell makes it. */
function shellWord(text: string): string {
  if (printable(text) !== text) {
    const quoted = text.replaceAll(/[\\']/g, "\\$&").replaceAll("\n", "\\n");
    return `$'${printable(quoted)}'`;
  }
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that makes one picture again. */
export function commandLine(settings: Given): string {
  return ["deno task gen", ...toArgv(settings).map(shellWord)].join(" ");
}
