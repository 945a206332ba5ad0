import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfig, parsePythonJson } from "./_python_json.ts";

Deno.test("parsePythonJson() reads the numbers that Python writes and JSON has not", () => {
  const text = `{"lambda_min_clipped": -Infinity, "s_tmax": Infinity, "x": [NaN, 1.5]}`;
  assertEquals(parsePythonJson(text), {
    lambda_min_clipped: -Infinity,
    s_tmax: Infinity,
    x: [null, 1.5],
  });
});

Deno.test("parsePythonJson() leaves strings alone", () => {
  const value = { a: 'say "NaN", -Infinity', "Infinity": "\\" };
  assertEquals(parsePythonJson(JSON.stringify(value)), value);
});

Deno.test("parsePythonJson() refuses what is neither", () => {
  assertThrows(() => parsePythonJson("{a: 1}"), SyntaxError);
});

Deno.test("parsePythonJson() is linear in what stands in quotes", () => {
  const long = "a".repeat(2e7);
  assertEquals(parsePythonJson(`{"a": NaN, "b": "${long}"}`), { a: null, b: long });
  const began = performance.now();
  assertThrows(() => parsePythonJson(`{"a": NaN, "b": "${'\\\\"'.repeat(500_000)}`), SyntaxError);
  assert(performance.now() - began < 5000, "the quadratic pattern took minutes");
});

Deno.test("parseConfig() says in its own words where a file stops to be an object of JSON", () => {
  const cases: [text: string, words: string][] = [
    ["", "it is empty"],
    ["<html>", 'it begins with "<html>"'],
    ["{", "line 1, column 2"],
    ['{"a": 1,\n "b" 2}', "line 2, column 6"],
    ['{"a": NaN,,}', "column"],
    ['{"a": "x', "line 1, column 9"],
    ["null", "it holds null; expected an object"],
    ["[1, 2]", "it holds [1,2]; expected an object"],
    ['"\x7f"', 'it holds "\\u007f"'],
    ["5", "it holds 5"],
    ["[".repeat(1e6) + "]".repeat(1e6), "deeper than 64"],
    ["[".repeat(1e6), "column 1000001"],
    ['{"a": ' + '{"a": '.repeat(1e5) + "1" + "}".repeat(1e5) + "}", "deeper than 64"],
  ];
  for (const [text, words] of cases) {
    const { message } = assertThrows(
      () => parseConfig(text, "unet/config.json"),
      SyntaxError,
      words,
    );
    assert(message.startsWith("Cannot parse unet/config.json: "), message);
    assert(message.includes("expected"), message);
    assert(message.length < 400, message.slice(0, 400));
    assert(!/JSON input|Unexpected|at position|call stack/.test(message), message);
  }
  assertEquals(parseConfig('\ufeff{"a": [[1]]}', "x"), { a: [[1]] });
});
