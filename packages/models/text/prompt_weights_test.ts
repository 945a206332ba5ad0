import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cutRows, parsePrompt, unclosedBracket } from "./prompt_weights.ts";

/** The parts as `text*weight`, rows joined by `|`. */
const show = (prompt: string) =>
  parsePrompt(prompt)
    .map((row) => row.map(({ text, weight }) => `${text}*${+weight.toFixed(4)}`).join(" + "))
    .join(" | ");

for (
  const [prompt, expected] of [
    ["a cat", "a cat*1"],
    ["a (red) cat", "a *1 + red*1.1 +  cat*1"],
    ["((red))", "red*1.21"],
    ["[red]", "red*0.9091"],
    ["([red])", "red*1"],
    ["(red:1.3)", "red*1.3"],
    ["(red: .5 )", "red*0.5"],
    ["(red:-1)", "red*-1"],
    ["(a (b:2) c:1.5)", "a *1.5 + b*3 +  c*1.5"],
    ["\\(a\\) \\[b\\] \\\\", "(a) [b] \\*1"],
    ["(open", "open*1.1"],
    ["[open (two", "open *0.9091 + two*1"],
    ["a) b] c:1.2)", "a) b] c:1.2)*1"],
    ["time 12:30", "time 12:30*1"],
    ["[a:1.3]", "a:1.3*0.9091"], // square brackets take no number
    ["a BREAK b", "a*1 | b*1"],
    ["(a BREAK b:1.2)", "a*1.2 | b*1.2"],
    ["BREAKFAST", "BREAKFAST*1"],
    ["a BREAK", "a*1 | "],
    ["", ""],
    ["()", ""],
  ] as const
) {
  Deno.test(`parsePrompt() reads ${JSON.stringify(prompt)}`, () =>
    assertEquals(show(prompt), expected));
}

Deno.test("parsePrompt() takes long input in its stride", () => {
  const [row] = parsePrompt("(".repeat(2000) + "x");
  assertAlmostEquals(Math.log(row![0]!.weight), 2000 * Math.log(1.1), 1e-6);
  assertEquals(parsePrompt("word ".repeat(50_000))[0]!.length, 1);
});

const part = (weight: number, ...ids: number[]) => ({ ids, weight });

Deno.test("cutRows() keeps weights beside their tokens", () => {
  assertEquals(cutRows([[part(1, 1, 2), part(2, 3, 4)]], 3), [
    { ids: [1, 2, 3], weights: [1, 1, 2] },
    { ids: [4], weights: [2] },
  ]);
});

Deno.test("cutRows() begins a row at each section and fills the last exactly", () => {
  const rows = cutRows([[part(1, 1)], [part(1, 2, 3, 4)], []], 3);
  assertEquals(rows.map(({ ids }) => ids), [[1], [2, 3, 4], []]);
});

Deno.test("cutRows() moves a cut back to the last comma, if it is near", () => {
  const comma = 9;
  assertEquals(cutRows([[part(1, 1, comma, 2, 3, 4)]], 4, comma).map(({ ids }) => ids), [
    [1, comma],
    [2, 3, 4],
  ]);
  const far = [comma, ...Array.from({ length: 30 }, () => 1)];
  assertEquals(cutRows([[part(1, ...far)]], 30, comma).map(({ ids }) => ids.length), [30, 1]);
});

Deno.test("cutRows() cuts 200 tokens into rows of 75", () => {
  const ids = Array.from({ length: 200 }, (_, i) => i);
  const rows = cutRows([[part(1, ...ids)]], 75);
  assertEquals(rows.map((row) => row.ids.length), [75, 75, 50]);
  assertEquals(rows.flatMap((row) => row.ids), ids);
});

Deno.test("unclosedBracket() finds the first bracket that nothing closes", () => {
  const at = (prompt: string) => unclosedBracket(prompt);
  assertEquals(["", "a cat", "(a:1.3) [b]", "\\(a", "a)"].map(at), Array(5).fill(undefined));
  assertEquals(["(a", "(a [b)", "((a)", "x [y (z:1.2)"].map(at), [0, 3, 0, 2]);
});
