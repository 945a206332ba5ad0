/**
 * Parses JSON as Python writes it: scheduler configs hold `-Infinity` (`lambda_min_clipped`), which is
 * no JSON. `NaN` reads as `null`. Throws the `SyntaxError` of `JSON.parse`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parsePythonJson } from "./_python_json.ts";
 * assertEquals(parsePythonJson('{"a": -Infinity, "b": "NaN"}'), { a: -Infinity, b: "NaN" });
 * ```
 */
export function parsePythonJson(text: string): unknown {
  const token = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g; // strings first, to leave them alone
  return JSON.parse(text.replace(token, (found) => {
    if (found.startsWith('"')) return found;
    return found === "NaN" ? "null" : found.replace("Infinity", "1e999");
  }));
}
