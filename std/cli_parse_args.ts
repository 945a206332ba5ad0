/**
 * `parseArgs` of `@std/cli/parse-args`, with the options that this repository uses. `deno.json` maps
 * the name to this file; `tools/use_jsr_std.ts` points it at JSR instead.
 *
 * @module
 */

/** What {@linkcode parseArgs} knows about the flags. */
export interface ParseOptions {
  /** Flags that take no value. */
  boolean?: readonly string[];
  /** Flags whose value stays text; `"_"` keeps positionals text too. */
  string?: readonly string[];
  /** Flags that may be repeated; their value is an array. */
  collect?: readonly string[];
  /** Values of flags that are absent. */
  default?: Record<string, unknown>;
}

/** The flags by name, and the positionals under `_`. */
export interface Args {
  /** The positional arguments. */
  _: (string | number)[];
  // deno-lint-ignore no-explicit-any
  [key: string]: any;
}

const FLAG = /^-(?<doubleDash>-)?(?<key>.+?)(?:=(?<value>.*))?$/s;
const NUMBER = /^(?:0x[0-9a-f]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i;

/**
 * Takes a command line apart: `--key value`, `--key=value`, `-k value`, `-kvalue` and
 * `-abc`; `--` ends the flags.
 */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const booleans = new Set(options.boolean);
  const strings = new Set(options.string);
  const collected = new Set(options.collect);
  const result: Args = { _: [] };

  const typed = (key: string, value: string): unknown =>
    !strings.has(key) && NUMBER.test(value) ? Number(value) : value;

  function set(key: string, value: unknown): void {
    if (collected.has(key)) (result[key] ??= []).push(value);
    else result[key] = value;
  }

  function positional(arg: string): void {
    result._.push(strings.has("_") || !NUMBER.test(arg) ? arg : Number(arg));
  }

  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end + 1);
  for (let i = 0; i < flags.length; i++) {
    const arg = flags[i]!;
    const match = arg === "-" ? null : arg.startsWith("-") ? FLAG.exec(arg)?.groups : null;
    if (!match) {
      positional(arg);
      continue;
    }
    let key = match.key!;
    const next = (): string | undefined => {
      const value = flags[i + 1];
      return value === undefined || (value.startsWith("-") && value !== "-") ? undefined : value;
    };
    const take = (): unknown => {
      if (booleans.has(key)) {
        const value = next();
        if (value !== "true" && value !== "false") return true;
        i++;
        return value === "true";
      }
      const value = next();
      if (value === undefined) return strings.has(key) ? "" : true;
      i++;
      return typed(key, value);
    };
    if (match.doubleDash) {
      if (match.value === undefined) set(key, take());
      else set(key, booleans.has(key) ? match.value !== "false" : typed(key, match.value));
      continue;
    }
    // A cluster of one-letter flags; the first that takes a value takes the rest of it.
    const letters = arg.slice(1);
    for (let j = 0; j < letters.length; j++) {
      key = letters[j]!;
      const tail = letters.slice(j + 1);
      if (tail === "") set(key, take());
      else if (tail.startsWith("=")) {
        set(key, typed(key, tail.slice(1)));
        break;
      } else if (!booleans.has(key) && (strings.has(key) || NUMBER.test(tail))) {
        set(key, typed(key, tail));
        break;
      } else set(key, strings.has(key) ? "" : true);
    }
  }
  for (const arg of rest) result._.push(arg);

  for (const [key, value] of Object.entries(options.default ?? {})) {
    result[key] ??= value;
  }
  for (const key of booleans) result[key] ??= false;
  for (const key of collected) result[key] ??= [];
  return result;
}
