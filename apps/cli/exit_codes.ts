/** What the process returns, so that a script can tell what to do next. */
export const exitCodes = {
  ok: 0,
  /** The model ran and failed. */
  failed: 1,
  /** An option, or its value, is wrong; nothing was loaded. */
  usage: 2,
  /** The model is missing, incomplete, or could not be downloaded. */
  model: 3,
  /** A file could not be read or written. */
  file: 4,
  /** Something that nobody foresaw: a mistake of ours; EX_SOFTWARE of sysexits.h. */
  bug: 70,
  /** Stopped by Ctrl-C, as shells count it: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** One of {@linkcode exitCodes}. */
export type ExitCode = typeof exitCodes[keyof typeof exitCodes];

/** A failure with a message for the person at the terminal: no stack trace is shown. */
export class CliError extends Error {
  /** What the process returns. */
  readonly exitCode: ExitCode;

  /** Makes an error of one kind. */
  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exitCode = exitCode;
  }
}

/** A wrong option or value. */
export function usageError(message: string): CliError {
  return new CliError(exitCodes.usage, message);
}

/** A file that cannot be read or written. */
export function fileError(message: string, cause?: unknown): CliError {
  return new CliError(exitCodes.file, message, { cause });
}
