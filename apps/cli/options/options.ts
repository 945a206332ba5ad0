/**
 * Every option of the command line: names, kind, limits, help. Parsing, checking, `--help` and the
 * type of the settings all come from these tables.
 *
 * @module
 */

import { modelOptions } from "./model_options.ts";
import type { Option } from "./option.ts";
import { pictureOptions } from "./picture_options.ts";
import { runOptions } from "./run_options.ts";

export type { Group, Option } from "./option.ts";

/** All options by key, in the order of the help. */
export const options: typeof modelOptions & typeof pictureOptions & typeof runOptions = {
  ...modelOptions,
  ...pictureOptions,
  ...runOptions,
};

/** The keys of {@linkcode options}. */
export type OptionKey = keyof typeof options;

type ValueOf<O extends Option> = O["kind"] extends "switch" ? boolean
  : O["kind"] extends "integer" | "number" ? number
  : O["kind"] extends "list" ? readonly string[]
  : O extends { choices: readonly (infer C)[] } ? C
  : string;

/** The options that were given, checked; what is absent was not given. */
export type Given = { readonly [K in OptionKey]?: ValueOf<typeof options[K]> };

/** The flag of an option, without dashes: `negative-prompt`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
