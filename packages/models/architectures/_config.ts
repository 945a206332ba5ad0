/**
 * The `config.json` of a network, read key by key; a key that nobody read is unknown, and an error: it
 * would change the network in a way that is not known here.
 */
export class NetworkConfig {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(json: Readonly<Record<string, unknown>>) {
    this.#json = json;
  }

  #value(key: string): unknown {
    this.#read.add(key);
    return this.#json[key] ?? undefined;
  }

  #fail(key: string, expected: string): never {
    throw new RangeError(
      `config.json says ${key} ${JSON.stringify(this.#json[key])}; expected ${expected}`,
    );
  }

  /** Whether a key is there and null, which is not what its absence means. */
  isNull(key: string): boolean {
    this.#read.add(key);
    return this.#json[key] === null;
  }

  /** Keys that change nothing about what a trained network computes. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key);
  }

  /** A key of which only some values are known here, the default first. */
  choice<T extends string | number | boolean | null>(key: string, ...known: readonly T[]): T {
    const value = this.#value(key);
    if (value === undefined) return known[0]!;
    if (known.includes(value as T)) return value as T;
    return this.#fail(key, known.map((item) => JSON.stringify(item)).join(" or "));
  }

  /** A positive whole number; undefined if it is absent and has no default. */
  count(key: string): number | undefined;
  count(key: string, fallback: number): number;
  count(key: string, fallback?: number): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return fallback;
    return isCount(value) ? value : this.#fail(key, "a whole number from 1 to 1000000");
  }

  /** A number. */
  number(key: string, fallback: number): number {
    const value = this.#value(key);
    if (value === undefined) return fallback;
    return typeof value === "number" && Number.isFinite(value)
      ? value
      : this.#fail(key, "a number");
  }

  /** A list of positive whole numbers; one number stands for `length` of them. */
  counts(key: string, fallback: number | readonly number[], length?: number): readonly number[] {
    const value = this.#value(key) ?? fallback;
    const list = Array.isArray(value) ? value : Array(length ?? 1).fill(value);
    if (list.length > 0 && list.length <= 64 && list.every(isCount)) {
      if (length === undefined || list.length === length) return list;
    }
    return this.#fail(key, `${length ?? "some"} whole numbers from 1 to 1000000`);
  }

  /** A list of booleans; one stands for `length` of them. */
  flags(key: string, fallback: boolean, length: number): readonly boolean[] {
    const value = this.#value(key) ?? fallback;
    const list = Array.isArray(value) ? value : Array(length).fill(value);
    const valid = list.length === length && list.every((item) => typeof item === "boolean");
    return valid ? list : this.#fail(key, `${length} of true and false`);
  }

  /** A list of names, each one of `known`. */
  names<T extends string>(key: string, fallback: readonly T[], known: readonly T[]): readonly T[] {
    const value = this.#value(key) ?? fallback;
    if (Array.isArray(value) && value.length > 0 && value.length <= 64) {
      if (value.every((item) => known.includes(item))) return value;
    }
    return this.#fail(key, `some of ${known.join(", ")}`);
  }

  /**
   * To be called when all has been read.
   *
   * @throws {RangeError} if a key was not, naming it.
   */
  finish(): void {
    for (const [key, value] of Object.entries(this.#json)) {
      if (this.#read.has(key) || key.startsWith("_") || value === null) continue;
      throw new RangeError(
        `config.json has the key ${key} ${JSON.stringify(value)}, which is not known here; ` +
          `expected a configuration as diffusers writes it`,
      );
    }
  }
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1e6;
}
