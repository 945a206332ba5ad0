import type { Stats } from "node:fs";
import { isAbsent } from "./_absent.ts";
import { builtin } from "./_builtin.ts";

// Files that others made: opening a pipe waits for ever, and a device or a link to one may never
// end. What is read whole is bounded.

/** No configuration comes near it. */
const longestConfig = 4 * 2 ** 20;
/** A vocabulary of 250,000 words is 17 MB as JSON. */
const longestTokenizer = 64 * 2 ** 20;

/** What a path leads to, when that is not a file. */
export function otherKind(info: Pick<Stats, "isDirectory" | "isFIFO" | "isSocket">): string {
  if (info.isDirectory()) return "a folder";
  return info.isFIFO() ? "a named pipe" : info.isSocket() ? "a socket" : "a device";
}

/**
 * The size of a file, links followed, without opening it.
 *
 * @param expected What the file should have been, for the error: "an ONNX model".
 * @throws {Error} if there is none, or it is a folder, pipe, socket or device.
 */
export function requireFile(path: string, expected: string): Stats {
  let info;
  try {
    info = builtin("fs").statSync(path);
  } catch (error) {
    const reason = isAbsent(error) ? "there is no such file" : (error as Error).message;
    throw new Error(`Cannot read "${path}": ${reason}; expected ${expected}`, { cause: error });
  }
  if (info.isFile()) return info;
  throw new Error(
    `Cannot read "${path}": it is ${otherKind(info)}; expected the file of ${expected}`,
  );
}

/**
 * Reads a text file of a model: at most 4 MiB, of a tokenizer's 64 MiB.
 *
 * @throws {Error} as {@linkcode requireFile} does.
 * @throws {RangeError} if it is longer.
 */
export async function readModelText(path: string): Promise<string> {
  const tokenizer = /[/\\]tokenizer[^/\\]*[/\\][^/\\]+$/.test(path);
  const longest = tokenizer ? longestTokenizer : longestConfig;
  const { size } = requireFile(path, tokenizer ? "a tokenizer" : "a configuration");
  if (size > longest) {
    throw new RangeError(
      `Cannot read "${path}": it has ${size} bytes; expected at most ${longest}`,
    );
  }
  return await builtin("fs/promises").readFile(path, "utf8");
}
