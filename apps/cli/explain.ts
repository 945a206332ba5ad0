import { type ExitCode, exitCodes } from "./exit_codes.ts";
import { printableLine } from "./printable.ts";
import { isSentence } from "./sentence.ts";
import { systemReason } from "./system_reason.ts";

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

/** Errors whose class says that somebody wrote their message for a person. */
const WRITTEN: Readonly<Record<string, ExitCode>> = {
  RepositoryError: exitCodes.model,
  HubError: exitCodes.model,
};

/** What to show the person at the terminal about an error, whoever threw it. */
export function explain(
  error: unknown,
  debug: boolean = false,
): { message: string; exitCode: ExitCode } {
  const { message, exitCode } = inWords(error);
  // A trace would hide the sentence: it is for whoever asks.
  const text = debug ? `${message}\n${Deno.inspect(error)}` : message;
  return { message: text.split("\n").map(printableLine).join("\n"), exitCode };
}

function inWords(error: unknown): { message: string; exitCode: ExitCode } {
  if (!(error instanceof Error)) return { message: bug(error), exitCode: exitCodes.bug };
  if (error.name === "AbortError") return { message: "Stopped", exitCode: exitCodes.interrupted };
  const own = (error as { exitCode?: ExitCode }).exitCode ?? WRITTEN[error.name];
  if (own !== undefined) return { message: withoutSystemWords(error), exitCode: own };
  if (isSentence(error.message)) {
    const message = withoutSystemWords(error);
    const ofModel = /^Cannot open model|\.onnx\b|_?config\.json\b|model_index\.json\b/.test(
      message,
    );
    const setting = error instanceof RangeError || error instanceof TypeError;
    return {
      message: ADVICE.reduce((text, [from, to]) => text.replace(from, to), message),
      exitCode: ofModel ? exitCodes.model : setting ? exitCodes.usage : exitCodes.failed,
    };
  }
  const reason = systemReason(error);
  if (reason !== undefined) {
    const path = /'([^']*)'/.exec(error.message)?.[1];
    const what = path === undefined ? "go on" : `use ${path}`;
    return { message: `Cannot ${what}: ${reason}`, exitCode: exitCodes.file };
  }
  if (/allocation failed|Invalid (typed )?array length|out of memory/i.test(error.message)) {
    return {
      message: "Cannot go on: memory ran out; expected a smaller picture, batch or model",
      exitCode: exitCodes.failed,
    };
  }
  return { message: bug(error), exitCode: exitCodes.bug };
}

/** The message, with the words of the operating system that it quotes from its causes replaced. */
function withoutSystemWords(error: Error): string {
  let message = error.message;
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < 8; depth++, cause = cause.cause) {
    const reason = systemReason(cause);
    if (reason !== undefined) message = message.replaceAll(cause.message, () => reason);
  }
  return message;
}

/** An engine's words say nothing to a user; where it happened says much to us. */
function bug(error: unknown): string {
  const { name, stack = "" } = error instanceof Error ? error : new Error();
  const place = /\/((?:apps|packages)\/[\w./-]+:\d+):\d+/.exec(stack)?.[1];
  return `Cannot go on: something in Shum went wrong, which is a mistake of ours (${
    error instanceof Error ? name : "no error"
  }${place === undefined ? "" : ` at ${place}`}); please report it, with what the same command ` +
    `prints with --debug`;
}
