/** A piece of a prompt and how much it counts. */
export interface PromptPart {
  /** The text, without the signs that weighted it. */
  readonly text: string;
  /** 1 is neutral. */
  readonly weight: number;
}

/** What a round or square bracket multiplies by; `(word)` and `[word]`. */
const roundFactor = 1.1;
const squareFactor = 1 / 1.1;

/** The signs of the grammar, longest first: escapes, brackets, `:1.3)`, the word BREAK, text. */
const signs = /\\[\\()[\]]|[([\])]|:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)|[^\\()[\]:]+|[\\:]/g;
const breakWord = /\s*\bBREAK\b\s*/;

/**
 * Reads a prompt as the AUTOMATIC1111 web UI does: `(word)` counts 1.1 times, `((word))` 1.21 times,
 * `[word]` 1/1.1 times, `(word:1.3)` 1.3 times; `\(`, `\)`, `\[`, `\]`, `\\` are the signs
 * themselves. A bracket that is never closed reaches to the end. `BREAK` begins a new row of tokens.
 *
 * @param prompt The text.
 * @returns The parts between BREAKs, at least one list; neighbours of one weight are joined.
 *
 * @example A weight and a break
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parsePrompt } from "@shum/models";
 *
 * assertEquals(parsePrompt("a (red:1.3) cat BREAK night"), [
 *   [{ text: "a ", weight: 1 }, { text: "red", weight: 1.3 }, { text: " cat", weight: 1 }],
 *   [{ text: "night", weight: 1 }],
 * ]);
 * ```
 */
export function parsePrompt(prompt: string): readonly (readonly PromptPart[])[] {
  return scan(prompt).rows;
}

/**
 * Finds the first bracket of a prompt that weighs everything behind it, because nothing closes it: more
 * often a slip than what was meant.
 *
 * @param prompt The text, in the grammar of {@linkcode parsePrompt}.
 * @returns Where the bracket stands, in UTF-16 units; undefined if all are closed.
 *
 * @example One that is closed, and one that is not
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unclosedBracket } from "@shum/models";
 *
 * assertEquals(unclosedBracket("a (red:1.3) cat \\("), undefined);
 * assertEquals(unclosedBracket("a (red cat"), 2);
 * ```
 */
export function unclosedBracket(prompt: string): number | undefined {
  return scan(prompt).open[0]?.at;
}

function scan(prompt: string): { rows: PromptPart[][]; open: readonly { at: number }[] } {
  const parts: { text: string; weight: number; row: number }[] = [];
  const open: { bracket: "(" | "["; from: number; at: number }[] = [];
  let row = 0;
  const multiply = (from: number, factor: number) => {
    for (let i = from; i < parts.length; i++) parts[i]!.weight *= factor;
  };
  const close = (bracket: "(" | "[", factor: number): boolean => {
    const at = open.findLastIndex((entry) => entry.bracket === bracket);
    if (at < 0) return false;
    multiply(open.splice(at, 1)[0]!.from, factor);
    return true;
  };
  const write = (text: string) => {
    for (const [i, piece] of text.split(breakWord).entries()) {
      if (i > 0) row++;
      if (piece !== "") parts.push({ text: piece, weight: 1, row });
    }
  };
  for (const { 0: sign, 1: weight, index: at } of prompt.matchAll(signs)) {
    if (sign === "(" || sign === "[") open.push({ bracket: sign, from: parts.length, at });
    else if (weight !== undefined && close("(", Number(weight))) continue;
    else if (sign === ")" && close("(", roundFactor)) continue;
    else if (sign === "]" && close("[", squareFactor)) continue;
    else if (sign.length === 2 && sign.startsWith("\\")) write(sign[1]!);
    else write(sign);
  }
  for (const { bracket, from } of open) {
    multiply(from, bracket === "(" ? roundFactor : squareFactor);
  }
  const rows: { text: string; weight: number }[][] = Array.from({ length: row + 1 }, () => []);
  for (const { text, weight, row } of parts) {
    const last = rows[row]!.at(-1);
    if (last?.weight === weight) last.text += text;
    else rows[row]!.push({ text, weight });
  }
  return { rows, open };
}

/** A row of a long prompt: token ids without start and end, and the weight of each. */
export interface TokenRow {
  /** At most `capacity` ids. */
  readonly ids: readonly number[];
  /** One weight per id. */
  readonly weights: readonly number[];
}

/** A word list is cut behind its last comma if at most this many tokens would move. */
const commaReach = 20;

/**
 * Cuts weighted tokens into rows that the encoder can take. A cut within a list moves back to its
 * last comma, if that is within 20 tokens, as in the AUTOMATIC1111 web UI.
 *
 * @param sections Tokens between BREAKs: each begins a row.
 * @param capacity Tokens per row without start and end; 75 for CLIP.
 * @param comma Id of the token ",", if there is one.
 * @returns At least one row.
 *
 * @example Five tokens in rows of three
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cutRows } from "@shum/models";
 *
 * const rows = cutRows([[{ ids: [1, 2, 3, 4, 5], weight: 1 }]], 3);
 * assertEquals(rows.map(({ ids }) => ids), [[1, 2, 3], [4, 5]]);
 * ```
 */
export function cutRows(
  sections: readonly (readonly { readonly ids: readonly number[]; readonly weight: number }[])[],
  capacity: number,
  comma?: number,
): readonly TokenRow[] {
  const rows: TokenRow[] = [];
  for (const section of sections) {
    let ids: number[] = [];
    let weights: number[] = [];
    let lastComma = -1;
    for (const part of section) {
      for (const id of part.ids) {
        if (ids.length === capacity) {
          const near = lastComma >= 0 && capacity - 1 - lastComma < commaReach && id !== comma;
          const cut = near ? lastComma + 1 : capacity;
          rows.push({ ids: ids.slice(0, cut), weights: weights.slice(0, cut) });
          [ids, weights, lastComma] = [ids.slice(cut), weights.slice(cut), -1];
        }
        if (id === comma) lastComma = ids.length;
        ids.push(id);
        weights.push(part.weight);
      }
    }
    rows.push({ ids, weights });
  }
  return rows;
}
