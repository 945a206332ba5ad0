/**
 * What went wrong, as HTTP: one error for all doors, which each puts in its callers' own words.
 *
 * @module
 */

import { CliError } from "./cli.ts";

/** A status that a refusal can have. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 408 | 409 | 413 | 415 | 429 | 499 | 500 | 503;

/** What a refusal says beside its message. */
export interface ErrorFacts {
  /** The field of the request that is wrong. */
  readonly param?: string;
  /** A word for programs. */
  readonly code?: string;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
}

/** A refusal or failure that the caller is told. */
export class HttpError extends Error {
  /** The HTTP status. */
  readonly status: ErrorStatus;
  /** See {@linkcode ErrorFacts}. */
  readonly facts: ErrorFacts;

  /** Makes an error of one status. */
  constructor(status: ErrorStatus, message: string, facts: ErrorFacts = {}) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.facts = facts;
  }
}

/** A request that cannot be served as it is. */
export function badRequest(message: string, param?: string, code?: string): HttpError {
  return new HttpError(400, message, {
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  });
}

/** Packages refuse settings with such a sentence; JavaScript's own errors have no colon there. */
const SENTENCE = /^Cannot [^:]+: /;

/** Any error as one that a caller may see; what nobody foresaw is told to the log only. */
export function toHttpError(error: unknown, log: (text: string) => void): HttpError {
  if (error instanceof HttpError) return error;
  const refused = error instanceof CliError ||
    ((error instanceof RangeError || error instanceof TypeError) && SENTENCE.test(error.message));
  if (refused) return badRequest(error.message);
  const id = crypto.randomUUID();
  log(`error ${id}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
  return new HttpError(
    500,
    `Cannot answer: something failed here; the server's log has it under ${id}`,
    { code: "internal_error" },
  );
}

const TYPES: Partial<Record<ErrorStatus, string>> = {
  401: "authentication_error",
  403: "permission_error",
  429: "rate_limit_error",
  500: "server_error",
  503: "server_error",
};

/** The body that OpenAI's clients read; our own API has the same. */
export function openaiError({ status, message, facts }: HttpError) {
  return {
    error: {
      message,
      type: TYPES[status] ?? "invalid_request_error",
      param: facts.param ?? null,
      code: facts.code ?? null,
    },
  };
}

/** The body that A1111's clients read. */
export function a1111Error({ message, facts }: HttpError) {
  return { error: facts.code ?? "HTTPException", detail: message, body: "", errors: message };
}
