import { exitCodes } from "../../apps/cli/exit_codes.ts";
import { explain } from "../../apps/cli/explain.ts";
import { isSentence } from "../../apps/cli/sentence.ts";

/** Words of engines and systems, which say nothing to whoever made a picture. */
const FOREIGN_WORDS =
  /\bundefined\b|(?:least|most|than|x) NaN\b|\bNaN (?:bytes|pixels|files)|\[object |is not (?:a function|iterable|defined|valid JSON)|Unexpected (?:token|end|non|number)|(?:in JSON )?at position \d|call stack|os error|Invalid (?:URL|array|typed|count|date|time|string)|out of bounds|unreachable|RuntimeError|reading '|allocation failed|\bE[A-Z]{4,}:|offset is out/i;

/**
 * What is wrong with how an error would be told; undefined when nothing is. A good message says what
 * cannot be done and why, names a value, a place or what was expected, and is short and printable.
 */
export function unclear(error: unknown): string | undefined {
  const { message, exitCode } = explain(error);
  const shown = `${message.slice(0, 300)}${exitCode === exitCodes.bug ? ` <- ${error}` : ""}`;
  if (exitCode === exitCodes.bug) return `a mistake of ours: ${shown}`;
  if (!isSentence(message)) return `no sentence: ${shown}`;
  const words = FOREIGN_WORDS.exec(message)?.[0];
  if (words !== undefined) return `"${words}": ${shown}`;
  if (message.length > 3000) return `${message.length} letters: ${shown}`;
  // deno-lint-ignore no-control-regex
  if (/[\0-\x09\x0b-\x1f\x7f-\x9f]/.test(message)) {
    return `control characters: ${JSON.stringify(shown)}`;
  }
  if (!/expected|["'\d/]/.test(message)) return `neither value nor expectation: ${shown}`;
  return undefined;
}
