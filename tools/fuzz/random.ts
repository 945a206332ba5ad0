/** Choices that are the same for the same seed and case, and what they change in files. */
export class Random {
  #state: number;

  constructor(seed: number, index: number) {
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  /** 32 bits; splitmix32. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  below(n: number): number {
    return Math.floor(this.next() / 2 ** 32 * n);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  chance(p: number): boolean {
    return this.next() / 2 ** 32 < p;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.next() & 255);
  }
}

/** Numbers at which counters and lengths break. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Bytes with up to four changes: bits, edges of numbers, parts cut, doubled, overwritten, inserted. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let out = new Uint8Array(bytes);
  for (let n = 1 + random.below(4); n > 0; n--) {
    if (out.length === 0) return out;
    // Headers come first, and break most.
    const at = random.chance(0.5)
      ? random.below(Math.min(64, out.length))
      : random.below(out.length);
    const view = new DataView(out.buffer);
    const kind = random.below(7);
    if (kind === 0) out[at]! ^= 1 << random.below(8);
    else if (kind === 1) out[at] = random.next() & 255;
    else if (kind === 2 && at + 4 <= out.length) {
      view.setUint32(at, random.pick(EDGES), random.chance(0.5));
    } else if (kind === 3 && at + 2 <= out.length) {
      view.setUint16(at, random.pick(EDGES) & 0xffff, random.chance(0.5));
    } else if (kind === 4) out = out.slice(0, at);
    else {
      const end = Math.min(out.length, at + 1 + random.below(64));
      const part = kind === 5 ? out.slice(at, end) : random.bytes(end - at);
      const next = new Uint8Array(out.length + part.length);
      next.set(out.subarray(0, at));
      next.set(part, at);
      next.set(out.subarray(at), at + part.length);
      out = next;
    }
  }
  return out;
}

/** Values that no configuration expects; functions make the ones that are large. */
const VALUES: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => "4",
  () => "",
  () => "x".repeat(100_000),
  () => "\x1b]0;title\x07\u202e",
  () => 0,
  () => -1,
  () => 0.5,
  () => 1e9,
  () => 1e308,
  () => -1e308,
  () => 2 ** 53,
  () => 1e-300,
  () => [],
  () => [null],
  () => {
    return {};
  },
  () => {
    return { toString: 1, valueOf: 1, length: -1 };
  },
  () => Array(3000).fill(1),
  () => Array(5).fill([[[]]]),
  () => "../../victim",
  () => "__proto__",
];

/** A value of JSON with one place in it changed, removed, doubled or renamed. */
export function mutateJson(random: Random, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.05)) {
    return random.pick(VALUES)();
  }
  if (Array.isArray(value)) {
    const list = [...value];
    const at = random.below(list.length + 1);
    if (random.chance(0.2)) list.splice(at, 1);
    else list[at] = mutateJson(random, list[at]);
    return list;
  }
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  if (at === entries.length) entries.push([random.pick(["__proto__", "x", ""]), 1]);
  else if (random.chance(0.15)) entries.splice(at, 1);
  else if (random.chance(0.1)) {
    entries[at]![0] = random.pick(["__proto__", "toString", "../x", "\0"]);
  } else entries[at]![1] = mutateJson(random, entries[at]![1]);
  return Object.fromEntries(entries);
}

/** A JSON text that is hostile as a value, as a text, or by its depth. */
export function hostileJson(random: Random, value: unknown): string {
  const kind = random.below(12);
  if (kind === 0) return "[".repeat(1e6) + (random.chance(0.5) ? "]".repeat(1e6) : "");
  if (kind === 1) {
    return random.pick(["", "null", "[]", "5", '"x"', "{", "\ufeff{}", "<html>", "\0"]);
  }
  const text = JSON.stringify(mutateJson(random, value));
  if (kind === 2) {
    const number = random.pick([
      ":NaN",
      ":-Infinity",
      ":1e999",
      `:${"[".repeat(1e5)}${"]".repeat(1e5)}`,
    ]);
    return text.replace(/:(-?\d+(\.\d+)?|"[^"]*")/, number);
  }
  if (kind > 3) return text;
  const bytes = mutateBytes(random, new TextEncoder().encode(text));
  return new TextDecoder().decode(bytes);
}
