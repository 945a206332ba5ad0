/**
 * How much work a picture's metadata may start.
 *
 * @module
 */

import { usageError } from "../exit_codes.ts";
import { flagOf, type Given, type OptionKey } from "../options/options.ts";

/** What a picture alone may ask for. */
interface Bound {
  readonly what: string;
  readonly keys: readonly OptionKey[];
  readonly most: number;
  /** Why not more. */
  readonly because: string;
  /** How much settings ask for. */
  amount(given: Given): number;
}

const levels = (text: string | undefined): number => text?.split(",").length ?? 0;
/** What a side is taken for that a picture leaves to the model. */
const SIDE = 1024;

/**
 * Anyone can write `Steps: 1000, Size: 8192x8192` into a picture, and a machine would work for days: a
 * picture alone may ask for what people make pictures with, and flags for everything. How many pictures
 * are made is never taken from one.
 */
const BOUNDS: readonly Bound[] = [
  {
    what: "pixels",
    keys: ["width", "height"],
    most: 2048 * 2048,
    because: "time and memory grow with the square of the pixels",
    amount: ({ width, height }) => width ?? height ? (width ?? SIDE) * (height ?? SIDE) : 0,
  },
  {
    what: "steps",
    keys: ["steps"],
    most: 150,
    because: "each is a run of the model",
    amount: ({ steps }) => steps ?? 0,
  },
  {
    what: "noise levels",
    keys: ["sigmas", "timesteps"],
    most: 151, // of 150 steps, and the end
    because: "each is a run of the model",
    amount: ({ sigmas, timesteps }) => Math.max(levels(sigmas), levels(timesteps)),
  },
  {
    what: "composed prompts",
    keys: ["also"],
    most: 8,
    because: "each is a run of the model at every step",
    amount: ({ also }) => also?.length ?? 0,
  },
];

/**
 * Refuses what a picture asks for beyond {@linkcode BOUNDS}, unless the command line asks for it too.
 *
 * @param path The picture.
 * @param given What is to be done.
 * @param command The part of it that the command line says.
 * @throws {CliError} It is too much.
 */
export function refuseTooMuch(path: string, given: Given, command: Given): void {
  for (const { what, keys, most, because, amount } of BOUNDS) {
    const asked = keys.filter((key) => given[key] !== undefined);
    const told = asked.every((key) => command[key] !== undefined);
    if (told || amount(given) <= most) continue;
    const flags = asked.map((key) => {
      const value = given[key];
      return `--${flagOf(key)} ${typeof value === "number" ? value : "..."}`;
    });
    throw usageError(
      `Cannot use --from-image ${path}: it asks for ${amount(given)} ${what}; expected at most ` +
        `${most} of a picture, because ${because}; to do it all the same, give ${flags.join(" ")}`,
    );
  }
}
