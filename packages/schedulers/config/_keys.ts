/** A key of a scheduler's configuration. */
export interface Key<T> {
  /** What it means to a class that does not have it. */
  readonly neutral: T;
  /** What a value must be, in words. */
  readonly expected: string;
  /** Whether a value is that. */
  readonly test: (value: unknown) => boolean;
}

// A kind of key is a function of the neutral value.
type Kind<T> = (neutral: T) => Key<T>;

function kind<T>(expected: string, test: (value: unknown) => boolean): Kind<T> {
  return (neutral) => ({ neutral, expected, test });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && !Number.isNaN(value);
}

export const number: Kind<number> = kind("a number", isNumber);
export const finite: Kind<number> = kind(
  "a finite number",
  (v) => isNumber(v) && Number.isFinite(v),
);
export const positive: Kind<number> = kind(
  "a number above 0",
  (v) => isNumber(v) && v > 0 && Number.isFinite(v),
);
export const positiveOrInfinite: Kind<number> = kind(
  "a number above 0",
  (v) => isNumber(v) && v > 0,
);
export const notNegative: Kind<number> = kind(
  "a number of at least 0",
  (v) => isNumber(v) && v >= 0,
);
export const fraction: Kind<number> = kind(
  "a number from 0 to 1",
  (v) => isNumber(v) && v >= 0 && v <= 1,
);
/** More timesteps than any model was trained with: tables of them are made at once. */
const MOST_TIMESTEPS = 100_000;

/** A whole number within bounds. */
export function between(least: number, most: number): Kind<number> {
  return kind(
    `a whole number from ${least} to ${most}`,
    (v) => Number.isInteger(v) && (v as number) >= least && (v as number) <= most,
  );
}

export const timesteps: Kind<number> = between(1, MOST_TIMESTEPS);
export const offset: Kind<number> = between(-MOST_TIMESTEPS, MOST_TIMESTEPS);
export const count: Kind<number> = kind(
  "a whole number above 0",
  (v) => Number.isInteger(v) && (v as number) > 0,
);
export const countOrNone: Kind<number> = kind(
  "a whole number of at least 0",
  (v) => Number.isInteger(v) && (v as number) >= 0,
);
export const flag: Kind<boolean> = kind("true or false", (v) => typeof v === "boolean");
export const numbers: Kind<readonly number[]> = kind(
  `an array of at most ${MOST_TIMESTEPS} numbers`,
  (v) => Array.isArray(v) && v.length <= MOST_TIMESTEPS && v.every(isNumber),
);
export const betaList: Kind<readonly number[]> = kind(
  `an array of 1 to ${MOST_TIMESTEPS} numbers from 0 to 1`,
  (v) =>
    Array.isArray(v) && v.length > 0 && v.length <= MOST_TIMESTEPS &&
    v.every((b) => isNumber(b) && b >= 0 && b <= 1),
);
export const functionOfTime: Kind<(t: number) => number> = kind(
  "a function of the timestep",
  (v) => typeof v === "function",
);

/** One of some names. */
export function oneOf(names: readonly string[]): Kind<string> {
  return kind(
    names.map((name) => `"${name}"`).join(", "),
    (v) => typeof v === "string" && names.includes(v),
  );
}

/** A key that is neutral when it is absent. */
export function absent<T>(of: Kind<T>): Key<T | null> {
  return (of as Kind<T | null>)(null);
}
