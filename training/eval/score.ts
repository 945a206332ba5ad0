/**
 * From verdicts to accuracies.
 *
 * @module
 */
import type { Spec } from "../data/scene.ts";
import { type Attribute, ATTRIBUTES, type Verdict } from "./judge.ts";

/** Right answers of so many asked. */
export interface Tally {
  readonly right: number;
  readonly asked: number;
}

/** One row of the table. */
export type Score = Readonly<Record<Attribute | "all", Tally>>;

/** What a prompt asks of an attribute; undefined where it asks nothing. */
export function asked(spec: Spec, attribute: Attribute): string | undefined {
  if (attribute === "object") return spec.object;
  if (attribute === "background") return spec.background;
  return spec[attribute] ?? undefined;
}

/** Accuracy per attribute over those that name it, and of all named attributes together. */
export function score(pairs: readonly { readonly spec: Spec; readonly verdict: Verdict }[]): Score {
  const count = (judge: (pair: typeof pairs[number]) => boolean | undefined): Tally => {
    const answers = pairs.map(judge).filter((answer) => answer !== undefined);
    return { right: answers.filter(Boolean).length, asked: answers.length };
  };
  const one = (attribute: Attribute) =>
    count(({ spec, verdict }) => {
      const expected = asked(spec, attribute);
      return expected === undefined ? undefined : verdict.labels[attribute] === expected;
    });
  return {
    object: one("object"),
    color: one("color"),
    eyes: one("eyes"),
    background: one("background"),
    all: count(({ spec, verdict }) =>
      ATTRIBUTES.every((attribute) => {
        const expected = asked(spec, attribute);
        return expected === undefined || verdict.labels[attribute] === expected;
      })
    ),
  };
}

/** "94.1" or "-" where nothing was asked. */
export function percent({ right, asked }: Tally): string {
  return asked === 0 ? "-" : (100 * right / asked).toFixed(1);
}

/** Rows with a heading, columns aligned. */
export function table(
  rows: readonly { readonly name: string; readonly score: Score; readonly n: number }[],
): string {
  const columns = [...ATTRIBUTES, "all"] as const;
  const cells = [
    ["", "pictures", ...columns],
    ...rows.map((
      { name, n, score },
    ) => [name, String(n), ...columns.map((column) => percent(score[column]))]),
  ];
  return aligned(cells);
}

/** Rows as columns that line up; the first `left` of them to the left. */
export function aligned(cells: readonly (readonly string[])[], left = 1): string {
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  return cells.map((row) =>
    row.map((cell, i) => i < left ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
  ).join("\n");
}
