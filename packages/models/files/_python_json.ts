import { shown } from "../_shown.ts";

/**
 * Parses JSON as Python writes it: scheduler configs hold `-Infinity` (`lambda_min_clipped`), which is
 * no JSON. `NaN` reads as `null`.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parsePythonJson } from "./_python_json.ts";
 * assertEquals(parsePythonJson('{"a": -Infinity, "b": "NaN"}'), { a: -Infinity, b: "NaN" });
 * ```
 *
 * @throws {SyntaxError} a reason in our words: where it stops to be JSON
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const plain = withoutPython(text);
    if (plain === text) throw notJson(error, text);
    try {
      return JSON.parse(plain);
    } catch (error) {
      throw notJson(error, plain);
    }
  }
}

/** The text with Python's numbers as JSON has them; what stands in strings is left alone. */
function withoutPython(text: string): string {
  let out = "";
  let done = 0;
  // Split at quotes by hand: a pattern for strings takes the stack of the engine for long ones.
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('"', at);
    const end = open < 0 ? text.length : open;
    out += text.slice(done, end).replace(
      /-?\bInfinity\b|\bNaN\b/g,
      (found) => found === "NaN" ? "null" : found.replace("Infinity", "1e999"),
    );
    if (open < 0) return out;
    let close = open + 1;
    while (close < text.length && text[close] !== '"') close += text[close] === "\\" ? 2 : 1;
    at = done = Math.min(close + 1, text.length);
    out += text.slice(open, at);
  }
  return out;
}

/** The engine's complaint as a place in the text: its words differ from engine to engine. */
function notJson(error: unknown, text: string): SyntaxError {
  const found = /position (\d+)/.exec((error as Error).message)?.[1];
  const place = found === undefined ? text.trimEnd().length : Number(found);
  if (text.trim() === "") return new SyntaxError("it is empty; expected JSON", { cause: error });
  if (found === undefined && !/end of/.test((error as Error).message)) {
    return new SyntaxError(
      `it begins with ${shown(text.trimStart().slice(0, 20))}; expected JSON`,
      {
        cause: error,
      },
    );
  }
  const before = text.slice(0, place).split("\n");
  return new SyntaxError(
    `it stops to be JSON in line ${before.length}, column ${
      before.at(-1)!.length + 1
    }; expected JSON`,
    { cause: error },
  );
}

/**
 * Parses a JSON file of a model, all of which hold an object.
 *
 * @param path Names it in the error.
 * @throws {SyntaxError} it is no JSON, holds something else, or is nested deeper than any config
 */
export function parseConfig(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parsePythonJson(text.replace(/^\ufeff/, "")); // some editors begin with a mark
  } catch (error) {
    throw new SyntaxError(`Cannot parse ${path}: ${(error as Error).message}`, { cause: error });
  }
  requireShallow(value, path, 0);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new SyntaxError(
    `Cannot parse ${path}: it holds ${shown(value)}; expected an object, {"key": value, …}`,
  );
}

const DEEPEST = 64;

/** Whoever walks or prints what was read may do so by recursion. */
function requireShallow(value: unknown, path: string, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth >= DEEPEST) {
    throw new SyntaxError(
      `Cannot parse ${path}: its lists and objects are nested deeper than ${DEEPEST}; expected a ` +
        `model's file`,
    );
  }
  for (const inner of Object.values(value)) requireShallow(inner, path, depth + 1);
}
