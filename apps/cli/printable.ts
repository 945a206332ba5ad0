/**
 * Text of others on a terminal. Names and settings come from files and from the network, and a
 * terminal obeys what it is told: to set its title, to move, to answer.
 *
 * @module
 */

/** Control characters but the line feed, line separators, and marks that turn text around. */
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The longest text of others that is shown in full within a line. */
const LONGEST = 2000;

/**
 * Text as it may be shown: control characters are written out as JSON writes them, `\u001b` for the
 * escape character, so that JSON stays what it is.
 *
 * @param text Any text.
 * @returns The same, without the power to do anything; line feeds stay.
 */
export function printable(text: string): string {
  return text.replaceAll(
    CONTROL,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Text of others within a line: as {@linkcode printable}, and line feeds are written out too, so that
 * it cannot pass for a line of ours; what is longer than anybody reads is cut.
 *
 * @param text Any text.
 * @returns One line.
 */
export function printableLine(text: string): string {
  const line = printable(text).replaceAll("\n", "\\n");
  return line.length <= LONGEST
    ? line
    : `${line.slice(0, LONGEST)}… (${line.length - LONGEST} characters more)`;
}
