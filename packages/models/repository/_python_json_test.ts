import { assertEquals, assertThrows } from "@std/assert";
import { parsePythonJson } from "./_python_json.ts";

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
