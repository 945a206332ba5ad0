/**
 * A value from somebody's file, for an error message: as JSON, on one line, short, and without
 * anything that a terminal obeys.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shown } from "./_shown.ts";
 * assertEquals(shown(["a\x1b"]), '["a\\u001b"]');
 * ```
 */
export function shown(value: unknown, longest: number = 200): string {
  let text: string;
  try {
    text = value === undefined
      ? "absent"
      : JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? String(inner) : inner) ??
        String(value);
  } catch {
    text = Array.isArray(value)
      ? "a list of lists, too deep to show"
      : "an object, too deep to show";
  }
  const escape = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  // Controls that JSON leaves as they are: DEL, C1, and the marks that turn text around.
  const plain = text.slice(0, longest).replace(
    // deno-lint-ignore no-control-regex
    /[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    escape,
  );
  return text.length > longest ? `${plain}…` : plain;
}
