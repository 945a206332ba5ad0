/**
 * The names of the files that a run writes.
 *
 * @module
 */

import { basename, dirname, extname, join } from "@std/path";
import { usageError } from "../exit_codes.ts";
import { type Format, formatOf } from "./image_file.ts";

/** What a pattern may speak of. */
export interface NameFacts {
  readonly index: number;
  readonly seed: number;
  readonly prompt: string;
  readonly model: string;
  readonly steps: number;
  readonly cfg: number;
}

/** Names for the pictures of a run. */
export interface OutputNames {
  readonly folder: string;
  readonly format: Format;
  /** Whether the user named the very file; then it is an error if it exists. */
  readonly exact: boolean;
  /** Whether the user named a folder, which is made if it is not there. */
  readonly makesFolder: boolean;
  path(facts: NameFacts): string;
  /** A sibling of a picture, such as its animation: another ending. */
  sibling(path: string, ending: string): string;
}

const FIELD = /\[([a-z]+)\]/;
const EVERY_FIELD = new RegExp(FIELD, "g");
const COUNTER = /%0?(\d*)d/;
const FIELDS = ["seed", "prompt", "index", "model", "steps", "cfg"];

/** A prompt as a part of a file name. */
export function slug(text: string): string {
  const words = text.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  let name = "";
  for (const letter of words) { // whole letters, and within what file systems take
    if (new TextEncoder().encode(name + letter).length > 80) break;
    name += letter;
  }
  return name.replace(/-+$/, "") || "untitled";
}

const SLASH = /[/\\]$/;

/** The part of a path that there is. */
export async function existingPart(path: string): Promise<string> {
  const above = dirname(path);
  const there = path === above || await Deno.lstat(path).then(() => true, (error) => {
    return !(error instanceof Deno.errors.NotFound);
  });
  return there ? path : await existingPart(above);
}

async function isFolder(path: string): Promise<boolean> {
  return SLASH.test(path) || await Deno.stat(path).then((info) => info.isDirectory, () => false);
}

/**
 * Reads `--output`: a file, a folder, or a pattern. When several pictures would get one name, the seed
 * or a number is added.
 *
 * @throws {CliError} The ending or a field is unknown.
 */
export async function outputNames(
  output: string | undefined,
  pictures: number,
  seedsDiffer: boolean,
): Promise<OutputNames> {
  let pattern = output ?? "output-[seed].png";
  let chosen = output !== undefined;
  if (output !== undefined && await isFolder(output)) {
    pattern = join(output, "output-[seed].png");
    chosen = false;
  } else if (extname(pattern) === "") pattern += ".png";
  const format = formatOf(pattern);
  const folder = dirname(pattern);
  if (FIELD.test(folder) || COUNTER.test(folder)) {
    throw usageError(`Cannot use --output ${pattern}: expected fields in the file name only`);
  }
  for (const [, field] of pattern.matchAll(EVERY_FIELD)) {
    if (FIELDS.includes(field!)) continue;
    throw usageError(
      `Cannot use --output ${pattern}: there is no field [${field}]; expected [${
        FIELDS.join("], [")
      }] or %03d`,
    );
  }
  const name = basename(pattern);
  const varies = COUNTER.test(name) || name.includes("[index]") ||
    (name.includes("[seed]") && seedsDiffer);
  if (pictures > 1 && !varies) {
    const extension = extname(pattern);
    const add = seedsDiffer ? "-[seed]" : "-%03d";
    pattern = pattern.slice(0, -extension.length) + add + extension;
  }
  const exact = chosen && pictures === 1 && !FIELD.test(pattern) && !COUNTER.test(pattern);
  return {
    folder,
    format,
    exact,
    makesFolder: output !== undefined && SLASH.test(output),
    path(facts: NameFacts): string {
      const file = basename(pattern)
        .replace(COUNTER, (_, digits: string) => `${facts.index}`.padStart(Number(digits), "0"))
        .replaceAll(EVERY_FIELD, (_, field: keyof NameFacts) => {
          const value = facts[field];
          return typeof value === "number" ? `${value}` : slug(value);
        });
      return join(folder, file);
    },
    sibling(path: string, ending: string): string {
      return path.slice(0, -extname(path).length) + ending;
    },
  };
}
