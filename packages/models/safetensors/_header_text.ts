// The header's JSON, read by its grammar: two levels deep, no name twice. JSON.parse() would keep the
// last of two equal names, and readers that keep the first would then see another model.

/** One tensor as the header gives it, its numbers not yet compared with each other. */
export interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** More axes than any tensor has. */
const mostAxes = 16;

/**
 * Reads the text of a header.
 *
 * @throws {SyntaxError} if it is not of the format's form.
 */
export function readHeaderText(text: string): {
  readonly entries: ReadonlyMap<string, HeaderEntry>;
  readonly metadata: ReadonlyMap<string, string>;
} {
  const scanner = new Scanner(text);
  const entries = new Map<string, HeaderEntry>();
  let metadata: ReadonlyMap<string, string> | undefined;
  scanner.object((name) => {
    if (name === "__metadata__") {
      const pairs = new Map<string, string>();
      if (metadata) scanner.fail(`"__metadata__" is there twice`);
      scanner.object((key) => {
        if (pairs.has(key)) scanner.fail(`metadata ${quote(key)} is there twice`);
        pairs.set(key, scanner.string());
      });
      metadata = pairs;
      return;
    }
    if (entries.has(name)) scanner.fail(`tensor ${quote(name)} is there twice`);
    entries.set(name, readEntry(scanner, name));
  });
  scanner.end();
  return { entries, metadata: metadata ?? new Map() };
}

function readEntry(scanner: Scanner, name: string): HeaderEntry {
  let dtype: string | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  scanner.object((key) => {
    if (key === "dtype" && dtype === undefined) dtype = scanner.string();
    else if (key === "shape" && shape === undefined) shape = scanner.integers(mostAxes);
    else if (key === "data_offsets" && offsets === undefined) offsets = scanner.integers(2);
    else scanner.fail(`${quote(name)} has the key ${quote(key)}, unknown or there twice`);
  });
  const [begin, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
    return scanner.fail(`${quote(name)} lacks dtype, shape or two data_offsets`);
  }
  return { dtype, shape, begin, end };
}

/** A name as messages show it. */
export function quote(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(reason: string): never {
    throw new SyntaxError(reason);
  }

  /** Calls `member` with each key, behind its colon. */
  object(member: (key: string) => void): void {
    this.#expect("{");
    if (this.#take("}")) return;
    do {
      const key = this.string();
      this.#expect(":");
      member(key);
    } while (this.#take(","));
    this.#expect("}");
  }

  string(): string {
    this.#space();
    const start = this.#at;
    let at = start + 1;
    if (this.#text[start] !== '"') this.#unexpected("a string");
    for (;; at++) {
      const sign = this.#text[at];
      if (sign === undefined) this.#unexpected("the end of a string");
      if (sign === '"') break;
      if (sign === "\\") at++;
    }
    this.#at = at + 1;
    try {
      return JSON.parse(this.#text.slice(start, at + 1)) as string;
    } catch {
      this.#at = start;
      return this.#unexpected("a string");
    }
  }

  /** A list of whole numbers of 0 or more. */
  integers(most: number): readonly number[] {
    const values: number[] = [];
    this.#expect("[");
    if (this.#take("]")) return values;
    do {
      this.#space();
      const start = this.#at;
      while (/[0-9]/.test(this.#text[this.#at] ?? "")) this.#at++;
      const digits = this.#text.slice(start, this.#at);
      const value = Number(digits);
      if (!/^(0|[1-9]\d{0,15})$/.test(digits) || !Number.isSafeInteger(value)) {
        this.#at = start;
        this.#unexpected("a whole number");
      }
      values.push(value);
      if (values.length > most) this.fail(`a list has over ${most} numbers`);
    } while (this.#take(","));
    this.#expect("]");
    return values;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) this.#unexpected("the end of the header");
  }

  #space(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #take(sign: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) this.#unexpected(JSON.stringify(sign));
  }

  #unexpected(expected: string): never {
    const found = this.#text.slice(this.#at, this.#at + 20);
    throw new SyntaxError(
      `its header has ${found === "" ? "its end" : quote(found)} at character ${this.#at}; ` +
        `expected ${expected}`,
    );
  }
}
