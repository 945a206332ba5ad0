import { type ExitCode, exitCodes } from "./exit_codes.ts";

/** What packages advise their callers, in words of the command line. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/use its "inpaint"/, "give --init-img and --mask"],
];

/** What to tell the person at the terminal about an error that some package threw. */
export function explain(error: unknown): { message: string; exitCode: ExitCode } {
  if (!(error instanceof Error)) return { message: String(error), exitCode: exitCodes.failed };
  if (error.name === "AbortError") return { message: "Stopped", exitCode: exitCodes.interrupted };
  if (error.name === "RepositoryError" || error.name === "HubError") {
    return { message: error.message, exitCode: exitCodes.model };
  }
  // Packages refuse settings with these, and say which; a trace would hide the sentence.
  if (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) {
    const own = /^Cannot /.test(error.message);
    const text = ADVICE.reduce((text, [from, to]) => text.replace(from, to), error.message);
    return {
      message: own ? text : error.stack ?? error.message,
      exitCode: own ? exitCodes.usage : exitCodes.failed,
    };
  }
  const foreseen = /^Cannot /.test(error.message);
  return {
    message: foreseen ? error.message : error.stack ?? error.message,
    exitCode: exitCodes.failed,
  };
}
