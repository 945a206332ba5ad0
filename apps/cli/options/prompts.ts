/**
 * Prompts from a file or standard input: one per line, or lines of flags as A1111's script reads
 * them: `--prompt "a cat" --steps 20 --seed 1`.
 *
 * @module
 */

import { readArgs } from "./args.ts";
import { CliError, usageError } from "../exit_codes.ts";
import { readBytes } from "../picture/image_file.ts";
import { flagOf, type Given, type OptionKey, options } from "./options.ts";

/** Longer prompts are a file given by mistake. */
const MAX_LETTERS = 20_000;

/** The options that a line of a prompt file may set: those that describe the picture. */
const GROUPS: readonly string[] = ["Prompt", "Picture", "Sampling", "Guidance"];

/** Refuses what is no prompt: nothing, a novel, or bytes that are not text. */
export function requirePrompt(text: string, what = "prompt"): string {
  const prompt = text.trim();
  if (prompt === "") {
    throw usageError(
      `Cannot use ${what}: it is empty; expected words (for a picture without guidance by words, ` +
        `use any and --cfg-scale 1)`,
    );
  }
  if (prompt.length > MAX_LETTERS) {
    throw usageError(
      `Cannot use ${what}: it has ${prompt.length} letters; expected at most ${MAX_LETTERS}`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (/[\0-\x08\x0e-\x1f\ufffd]/.test(prompt)) {
    throw usageError(`Cannot use ${what}: it holds characters that are not text`);
  }
  return prompt;
}

/** Takes a line apart as a shell does: quotes keep spaces, a backslash keeps the next letter. */
export function splitLine(line: string): string[] {
  const words: string[] = [];
  let word = "";
  let inside = false;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const letter = line[i]!;
    if (letter === "\\" && quote !== "'" && i + 1 < line.length) {
      word += line[++i];
      inside = true;
    } else if (quote !== "") {
      if (letter === quote) quote = "";
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      inside = true;
    } else if (/\s/.test(letter)) {
      if (inside) words.push(word);
      word = "";
      inside = false;
    } else {
      word += letter;
      inside = true;
    }
  }
  if (quote !== "") throw usageError(`a ${quote} is not closed`);
  if (inside) words.push(word);
  return words;
}

/** The settings of each line of a prompt file; empty lines and lines that begin with # are passed over. */
export function parsePrompts(text: string, file: string): Given[] {
  const prompts: Given[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return;
    const where = `line ${index + 1} of ${file}`;
    if (!line.startsWith("--")) {
      prompts.push({ prompt: requirePrompt(line, where) });
      return;
    }
    let given: Given;
    try {
      const read = readArgs(splitLine(line));
      if (read.words.length > 0) throw usageError(`"${read.words[0]}" belongs to no option`);
      given = read.given;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw usageError(`Cannot use ${where}: ${error.message}`);
    }
    for (const key of Object.keys(given) as OptionKey[]) {
      if (!GROUPS.includes(options[key].group) || key === "promptFile") {
        throw usageError(`Cannot use ${where}: --${flagOf(key)} concerns the whole run`);
      }
    }
    prompts.push({ ...given, prompt: requirePrompt(given.prompt ?? "", where) });
  });
  if (prompts.length === 0) throw usageError(`Cannot use ${file}: it holds no prompts`);
  return prompts;
}

/** More than anybody's prompts. */
const MAX_STANDARD_INPUT = 1 << 24;

async function readStandardInput(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of Deno.stdin.readable) {
    size += part.length;
    if (size > MAX_STANDARD_INPUT) {
      throw usageError(
        `Cannot read prompts from standard input: it has more than ${MAX_STANDARD_INPUT} bytes`,
      );
    }
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** Reads a prompt file, or standard input for "-". */
export async function readPrompts(file: string): Promise<Given[]> {
  const bytes = file === "-"
    ? await readStandardInput()
    : await readBytes(file, "prompts", "a text file");
  const name = file === "-" ? "standard input" : file;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`Cannot use ${name}: it is not UTF-8 text`);
  }
  return parsePrompts(text, name);
}
