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
  /** Boolean flags that `--no-` switches off. */
  negatable?: readonly string[];
  /** Other names of a flag. */
  alias?: Record<string, string | readonly string[]>;
  /** Values of flags that are absent. */
  default?: Record<string, unknown>;
  /** Whether to put what follows `--` under that key instead of among the positionals. */
  "--"?: boolean;
  /** Whether to treat everything after the first positional as positional. */
  stopEarly?: boolean;
  /** Called for what no option names; returning false drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The flags by name, and the positionals under `_`. */
export interface Args {
  /** The positional arguments. */
  _: (string | number)[];
  // deno-lint-ignore no-explicit-any
  [key: string]: any;
}

const FLAG = /^(?:-(?:(?<doubleDash>-)(?<negated>no-)?)?)(?<key>.+?)(?:=(?<value>.*))?$/s;
const NUMBER = /^(?:0x[0-9a-f]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i;

/**
 * Takes a command line apart: `--key value`, `--key=value`, `-k value`, `-kvalue`, `-abc`, and
 * `--no-key` for negatable flags; `--` ends the flags.
 */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const names = new Map<string, readonly string[]>(); // every name of a flag, for each of them
  for (const [key, other] of Object.entries(options.alias ?? {})) {
    const all = [key, ...(typeof other === "string" ? [other] : other)];
    for (const name of all) names.set(name, all);
  }
  const spread = (keys: readonly string[] = []) =>
    new Set(keys.flatMap((key) => names.get(key) ?? [key]));
  const booleans = spread(options.boolean);
  const strings = spread(options.string);
  const collected = spread(options.collect);
  const negatable = spread(options.negatable);
  const result: Args = { _: [] };

  const typed = (key: string, value: string): unknown =>
    !strings.has(key) && NUMBER.test(value) ? Number(value) : value;

  function set(arg: string, key: string, value: unknown): void {
    const known = booleans.has(key) || strings.has(key) || names.has(key) || collected.has(key);
    if (!known && options.unknown?.(arg, key, value) === false) return;
    for (const name of names.get(key) ?? [key]) {
      if (collected.has(name)) (result[name] ??= []).push(value);
      else result[name] = value;
    }
  }

  function positional(arg: string): void {
    if (options.unknown?.(arg) === false) return;
    result._.push(strings.has("_") || !NUMBER.test(arg) ? arg : Number(arg));
  }

  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end + 1);
  for (let i = 0; i < flags.length; i++) {
    const arg = flags[i]!;
    const match = arg === "-" ? null : arg.startsWith("-") ? FLAG.exec(arg)?.groups : null;
    if (!match) {
      if (options.stopEarly) {
        for (const later of flags.slice(i)) positional(later);
        break;
      }
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
      if (match.negated && negatable.has(key)) set(arg, key, false);
      else {
        if (match.negated) key = `no-${key}`;
        if (match.value === undefined) set(arg, key, take());
        else set(arg, key, booleans.has(key) ? match.value !== "false" : typed(key, match.value));
      }
      continue;
    }
    // A cluster of one-letter flags; the first that takes a value takes the rest of it.
    const letters = arg.slice(1);
    for (let j = 0; j < letters.length; j++) {
      key = letters[j]!;
      const tail = letters.slice(j + 1);
      if (tail === "") set(arg, key, take());
      else if (tail.startsWith("=")) {
        set(arg, key, typed(key, tail.slice(1)));
        break;
      } else if (!booleans.has(key) && (strings.has(key) || NUMBER.test(tail))) {
        set(arg, key, typed(key, tail));
        break;
      } else set(arg, key, strings.has(key) ? "" : true);
    }
  }
  if (options["--"]) result["--"] = [...rest];
  else for (const arg of rest) result._.push(arg);

  for (const [key, value] of Object.entries(options.default ?? {})) {
    for (const name of names.get(key) ?? [key]) result[name] ??= value;
  }
  for (const key of booleans) result[key] ??= false;
  for (const key of collected) result[key] ??= [];
  return result;
}
