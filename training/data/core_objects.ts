/**
 * The objects that people try first, by hand: what they are called in two languages and which icons
 * draw them. Everything else in the emoji sets is drawn too, but named by emojibase and never edited.
 *
 * @module
 */

import { ANIMALS, THINGS } from "./core_table.ts";

/** Ukrainian grammatical gender; `p` for words that only have a plural. */
export type Gender = "m" | "f" | "n" | "p";

/** A Ukrainian noun in the nominative. */
export interface UkrainianName {
  readonly name: string;
  readonly gender: Gender;
  /** Nominative plural, for "two cats"; absent when the word is not counted. */
  readonly plural?: string;
}

/** One object. The first name of each language is its usual one. */
export interface CoreObject {
  readonly id: string;
  /** Icon names; `fxemoji` spells them without hyphens. */
  readonly icons: readonly string[];
  readonly english: readonly string[];
  readonly ukrainian: readonly UkrainianName[];
  readonly kind: "animal" | "thing";
  /** False where another colour would make it something else, or nothing: a rainbow, a clock face. */
  readonly recolour: boolean;
}

function parse(table: string, kind: CoreObject["kind"]): CoreObject[] {
  return table.trim().split("\n").map((line) => {
    const [id, icons, english, ukrainian, flag] = line.split("|");
    return {
      id: id!,
      kind,
      icons: icons!.split(","),
      english: english!.split(","),
      ukrainian: ukrainian!.split(",").map((entry) => {
        const [name, gender, plural] = entry.split(":");
        return { name: name!, gender: gender as Gender, ...(plural ? { plural } : {}) };
      }),
      recolour: flag !== "-",
    };
  });
}

/** All hand-named objects. */
export const CORE_OBJECTS: readonly CoreObject[] = [
  ...parse(ANIMALS, "animal"),
  ...parse(THINGS, "thing"),
];
