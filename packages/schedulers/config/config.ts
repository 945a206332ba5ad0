import { nearest } from "./_nearest.ts";
import { KEYS, NEUTRAL, type Settings } from "./settings.ts";

/**
 * A `scheduler_config.json`, with diffusers' own keys. Keys that the class does not have are
 * ignored, as diffusers ignores them; what diffusers takes as arguments of `step` is a key here
 * too.
 */
export interface SchedulerConfig {
  /** The class to be, for instance `"EulerDiscreteScheduler"`. */
  readonly _class_name: string;
  /** Keys that were filled in from defaults, and which another class shall not inherit. */
  readonly _use_default_values?: readonly string[] | undefined;
  /** Anything else; keys that the class knows are checked. */
  readonly [key: string]: unknown;
}

/**
 * Checks a config's values for a class. `null` means absent, as JSON files say it.
 *
 * @param config The config.
 * @param defaults The keys of the class, and their values where they are absent.
 * @returns A value for every key.
 * @throws {TypeError} if a value is of the wrong kind, naming the key.
 * @throws {RangeError} if a value is not one that the key may have, naming the key.
 */
export function settings(config: SchedulerConfig, defaults: Partial<Settings>): Settings {
  const result: Record<string, unknown> = { ...NEUTRAL, ...defaults };
  const filled: unknown = config._use_default_values;
  if (filled !== undefined && !Array.isArray(filled)) {
    throw new TypeError(
      `Cannot read scheduler config: _use_default_values is ${
        show(filled)
      }; expected an array of keys`,
    );
  }
  const inherited = new Set(config._use_default_values);
  for (const key of Object.keys(defaults) as (keyof Settings)[]) {
    const value = config[key];
    if (value === undefined || value === null || inherited.has(key)) continue;
    const { expected, test } = KEYS[key];
    if (!test(value)) throw invalid(key, value, expected);
    result[key] = value;
  }
  return result as unknown as Settings;
}

/** A value that does not fit: `TypeError` if even its kind is wrong. */
function invalid(key: keyof Settings, value: unknown, expected: string): Error {
  const kind = typeof NEUTRAL[key] === typeof value || NEUTRAL[key] === null;
  const hint = typeof value === "string" ? nearest(value, expected.match(/[^", ]+/g) ?? []) : "";
  const message = `Cannot read scheduler config: ${key} is ${show(value)}; expected ${expected}` +
    (hint && expected.startsWith('"') ? `. Did you mean "${hint}"?` : "");
  return kind ? new RangeError(message) : new TypeError(message);
}

/** The error for two values that contradict each other. */
export function contradiction(
  a: keyof Settings,
  x: unknown,
  b: keyof Settings,
  y: unknown,
): RangeError {
  return new RangeError(
    `Cannot read scheduler config: ${a} is ${show(x)} while ${b} is ${
      show(y)
    }; expected only one ` +
      `of these values`,
  );
}

function show(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
