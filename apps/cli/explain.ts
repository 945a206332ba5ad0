import { type ExitCode, exitCodes } from "./exit_codes.ts";

/** What packages advise their callers, in words of the command line. */
const ADVICE: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
  [/use its "inpaint"/, () => "give --init-img and --mask"],
  // Packages count the layers that are left out, options as A1111 does: 1 is the last.
  [
    /^(Cannot skip \d+ layers of .*expected at most )(\d+)$/s,
    (_, text, most) => `${text}${most}: give --clip-skip ${Number(most) + 1} or less`,
  ],
  [/or (do without|no) CLIP skip$/, () => "or give --clip-skip 1"],
];

/** What to tell the person at the terminal about an error that some package threw. */
export function explain(error: unknown): { message: string; exitCode: ExitCode } {
  if (!(error instanceof Error)) return { message: String(error), exitCode: exitCodes.failed };
  if (error.name === "AbortError") return { message: "Stopped", exitCode: exitCodes.interrupted };
  if (error.name === "RepositoryError" || error.name === "HubError") {
    return { message: error.message, exitCode: exitCodes.model };
  }
  if (!/^Cannot /.test(error.message)) {
    return { message: error.stack ?? error.message, exitCode: exitCodes.failed };
  }
  // Packages refuse what they cannot use with a sentence; a trace would hide it.
  const message = ADVICE.reduce((text, [from, to]) => text.replace(from, to), error.message);
  const ofModel = /^Cannot open model|\.onnx\b|_?config\.json\b|model_index\.json\b/.test(message);
  const setting = error instanceof RangeError || error instanceof TypeError;
  return {
    message,
    exitCode: ofModel ? exitCodes.model : setting ? exitCodes.usage : exitCodes.failed,
  };
}
