/**
 * From the command line to checked settings. A flag that nobody knows, or a value that cannot be, is
 * an error that names it, and the nearest thing that would have been right.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { type CliError, usageError } from "../exit_codes.ts";
import { didYouMean } from "./nearest.ts";
import { flagOf, type Given, type Option, type OptionKey, options } from "./options.ts";

/** What the first word asks for; pictures unless it says otherwise. */
export type Command = "generate" | "plan" | "inspect" | "classify" | "likelihood";

/** A command line, taken apart and checked. */
export interface Invocation {
  readonly command: Command;
  readonly given: Given;
  /** The words that belong to no flag: prompts, or what to inspect. */
  readonly words: readonly string[];
}

const table = Object.entries(options) as [OptionKey, Option][];
const COMMANDS: readonly string[] = ["plan", "inspect", "classify", "likelihood"];

const byFlag = new Map<string, OptionKey>();
for (const [key, option] of table) {
  for (const name of [flagOf(key), ...(option.aliases ?? [])]) byFlag.set(name, key);
}
const byLetter = new Map(
  table.flatMap(([key, { short }]) => short === undefined ? [] : [[short, key] as const]),
);

function describe(option: Option): string {
  const { kind, min, max, choices } = option;
  if (choices) return choices.join(", ");
  if (kind === "integer" || kind === "number") {
    const what = kind === "integer" ? "a whole number" : "a number";
    return `${what} from ${min} to ${max}`;
  }
  return option.value ?? "a value";
}

const isNumeric = (key: OptionKey) => ["integer", "number"].includes(options[key].kind);

/** Rewrites every flag as `--key=value`, so that a value may begin with a dash: `--seed -1`. */
function canonical(argv: readonly string[]): string[] {
  const out: string[] = [];
  const set = (key: OptionKey, shown: string, value: string | undefined): void => {
    if (options[key].kind !== "switch") {
      if (value === undefined) {
        throw usageError(
          `Cannot use ${shown}: it needs a value; expected ${describe(options[key])}`,
        );
      }
      out.push(`--${key}=${value}`);
    } else if (value === undefined || value === "true") out.push(`--${key}`);
    else if (value === "false") out.push(`--${key}=false`);
    else {throw usageError(
        `Cannot use ${shown}: value is "${value}"; it is a switch without a value`,
      );}
  };
  const isFlag = (text: string) =>
    text.startsWith("--") && byFlag.has(text.slice(2).split("=")[0]!.replaceAll("_", "-"));

  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i]!;
    if (arg === "--") {
      out.push("--", ...argv.slice(i + 1));
      break;
    }
    // A folder by its name, which need not exist to be one.
    const asFolder = (text: string | undefined) =>
      text === undefined || /[/\\]$/.test(text) ? text : `${text}/`;
    const following = () => {
      const next = argv[i + 1];
      if (next === undefined || isFlag(next)) return undefined;
      i++;
      return next;
    };
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = (equals < 0 ? arg : arg.slice(0, equals)).slice(2).replaceAll("_", "-");
      const key = byFlag.get(name);
      if (key === undefined) throw unknownFlag(name);
      const needs = options[key].kind !== "switch";
      const value = equals >= 0 ? arg.slice(equals + 1) : needs ? following() : undefined;
      set(key, `--${name}`, name === "outdir" ? asFolder(value) : value);
    } else if (arg.startsWith("-") && arg !== "-") {
      // Letters may stand together: -qv, -s42, -W 512.
      for (let letters = arg.slice(1); letters !== "";) {
        const letter = letters[0]!;
        const key = byLetter.get(letter);
        if (key === undefined) throw unknownLetter(arg, letter);
        letters = letters.slice(1);
        if (options[key].kind === "switch") {
          set(key, `-${letter}`, undefined);
          continue;
        }
        const joined = letters.replace(/^=/, "");
        if (arg.length > 3 && isNumeric(key) && joined !== "" && Number.isNaN(Number(joined))) {
          throw unknownLetter(arg, letter); // -steps is no seed
        }
        set(key, `-${letter}`, letters !== "" ? joined : following());
        letters = "";
      }
    } else out.push(arg);
  }
  return out;
}

function unknownFlag(name: string): CliError {
  const near = didYouMean(`--${name}`, [...byFlag.keys()].map((flag) => `--${flag}`));
  return usageError(`Cannot use --${name}: there is no such option${near || "; see --help"}`);
}

function unknownLetter(arg: string, letter: string): CliError {
  const near = arg.length > 2 ? didYouMean(`-${arg}`, [...byFlag.keys()].map((f) => `--${f}`)) : "";
  const where = arg.length > 2 ? ` (in ${arg})` : "";
  return usageError(
    `Cannot use -${letter}${where}: there is no such option${near || "; see --help"}`,
  );
}

/** One value, converted and checked. */
function checked(key: OptionKey, text: string): string | number {
  const option: Option = options[key];
  const flag = `--${flagOf(key)}`;
  const wrong = (hint = "") =>
    usageError(`Cannot use ${flag}: value is "${text}"; expected ${describe(option)}${hint}`);
  if (option.kind === "choice") {
    const word = text.toLowerCase();
    const choice = option.synonyms?.[word] ?? word;
    if (option.choices!.includes(choice)) return choice;
    throw wrong(didYouMean(word, option.choices!));
  }
  if (option.kind === "integer" || option.kind === "number") {
    const pattern = option.kind === "integer"
      ? /^[+-]?\d+$/
      : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
    const number = Number(text);
    if (!pattern.test(text.trim()) || number < option.min! || number > option.max!) throw wrong();
    return number;
  }
  return text;
}

/**
 * Reads a command line.
 *
 * @throws {CliError} An option is unknown, lacks its value, or has one that cannot be.
 */
export function readArgs(argv: readonly string[]): Invocation {
  const keys = (...kinds: Option["kind"][]): OptionKey[] =>
    table.filter(([, option]) => kinds.includes(option.kind)).map(([key]) => key);
  const parsed: Record<string, unknown> & { _: (string | number)[] } = parseArgs(canonical(argv), {
    string: [...keys("text", "integer", "number", "choice", "list"), "_"],
    boolean: keys("switch"),
    collect: keys("list"),
  });
  const given: Partial<Record<OptionKey, unknown>> = {};
  for (const [key, option] of table) {
    const value = parsed[key];
    if (option.kind === "switch") {
      if (value === true) given[key] = true;
    } else if (option.kind === "list") {
      if ((value as string[]).length > 0) given[key] = value;
    } else if (value !== undefined) given[key] = checked(key, value as string);
  }
  const words = parsed._.map(String);
  const isCommand = argv[0] === words[0] && COMMANDS.includes(words[0] ?? "");
  const command = isCommand ? words.shift() as Command : "generate";
  return { command, given: together(given as Given), words };
}

/**
 * What to say of a prompt of one word that is nearly a command: it is drawn, but may not be meant.
 *
 * @param words The words of a command line that begin no command.
 */
export function nearlyCommand(words: readonly string[]): string | undefined {
  const [word = ""] = words;
  // A plant is no plan.
  if (words.length !== 1 || COMMANDS.some((name) => word.startsWith(name))) return undefined;
  const near = didYouMean(word, COMMANDS);
  return near === "" ? undefined : `"${word}" is taken for a prompt${near}`;
}

/** Checks what options say about each other. */
function together(given: Given): Given {
  const { size, width, height, guidanceStart = 0, guidanceStop = 1 } = given;
  const sized = size === undefined ? {} : readSize(size);
  if (size !== undefined && (width !== undefined || height !== undefined)) {
    throw usageError(
      "Cannot use --size together with --width or --height: expected one or the other",
    );
  }
  for (const [name, value] of Object.entries({ width, height, ...sized })) {
    if (value !== undefined && value % 8 !== 0) {
      const down = Math.max(8, value - value % 8);
      throw usageError(
        `Cannot use --${name}: value is ${value}; expected a multiple of 8, such as ${down} or ${
          down + 8
        }`,
      );
    }
  }
  if (guidanceStart >= guidanceStop) {
    throw usageError(
      `Cannot guide from ${guidanceStart} to ${guidanceStop}: expected --guidance-start below ` +
        `--guidance-stop`,
    );
  }
  const needs = (key: OptionKey, other: OptionKey) => {
    if (given[key] !== undefined && given[other] === undefined) {
      throw usageError(`Cannot use --${flagOf(key)} without --${flagOf(other)}`);
    }
  };
  if (given.variant !== undefined && given.dtype !== undefined) {
    throw usageError("Cannot use --variant together with --dtype: expected one or the other");
  }
  needs("strength", "initImg");
  needs("noise", "initImg");
  needs("colorize", "initImg");
  needs("enlarge", "initImg");
  needs("denoise", "initImg");
  needs("method", "mask");
  needs("mask", "initImg");
  needs("invertMask", "mask");
  needs("maskBlur", "mask");
  needs("maskPadding", "mask");
  const levels = [given.steps, given.sigmas, given.timesteps].filter((x) => x !== undefined);
  if (levels.length > 1) {
    throw usageError("Cannot use more than one of --steps, --sigmas and --timesteps");
  }
  if (given.quiet && given.verbose) throw usageError("Cannot be both --quiet and --verbose");
  for (const key of ["sigmas", "timesteps"] as const) {
    if (given[key] !== undefined) readNumbers(key, given[key]);
  }
  for (const text of given.also ?? []) readWeighted(text);
  return { ...given, ...sized };
}

function readSize(text: string): { width: number; height: number } {
  const match = /^(\d+)\s*[xX×]\s*(\d+)$/.exec(text.trim());
  if (match === null) {
    throw usageError(`Cannot use --size: value is "${text}"; expected WxH, such as 512x768`);
  }
  const width = checked("width", match[1]!) as number;
  return { width, height: checked("height", match[2]!) as number };
}

/** The numbers of `--sigmas` or `--timesteps`, which must fall. */
export function readNumbers(key: "sigmas" | "timesteps", text: string): number[] {
  const numbers = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  const falls = numbers.every((n, i) => n >= 0 && (i === 0 || n < numbers[i - 1]!));
  if (!falls || !numbers.every(Number.isFinite)) {
    throw usageError(
      `Cannot use --${key}: value is "${text}"; expected falling numbers with commas between, ` +
        `such as ${key === "sigmas" ? "14.6,3.1,0.7" : "999,700,300"}`,
    );
  }
  return numbers;
}

/** A prompt of `--also` and the weight after its last colon. */
export function readWeighted(text: string): { prompt: string; weight: number } {
  const colon = text.lastIndexOf(":");
  const weight = colon < 0 ? NaN : Number(text.slice(colon + 1));
  const prompt = text.slice(0, Math.max(colon, 0)).trim();
  if (prompt === "" || !Number.isFinite(weight)) {
    throw usageError(
      `Cannot use --also: value is "${text}"; expected a prompt, a colon and its weight, such as ` +
        `"a red hat:5"`,
    );
  }
  return { prompt, weight };
}
