/** What went wrong at the hub, as a word that a program can compare. */
export type HubErrorCode =
  | "unauthorized" // private, gated or missing: the hub answers 401 to all three
  | "gated"
  | "not_found"
  | "revision_not_found"
  | "file_not_found"
  | "no_onnx"
  | "bad_id"
  | "bad_endpoint"
  | "bad_listing"
  | "http"
  | "network"
  | "corrupt"
  | "offline"
  | "disk_full"
  | "cache_not_writable";

/**
 * A download that failed, or a cache that cannot be used. The message names the repository, what
 * happened and what to do about it; `code` says the same to a program.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { downloadFromHub, HubError } from "@shum/models";
 *
 * const error = await assertRejects(() => downloadFromHub("not a valid id"), HubError);
 * if (error.code !== "bad_id") throw error;
 * ```
 */
export class HubError extends Error {
  /** The kind of failure. */
  readonly code: HubErrorCode;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;

  /** Makes an error of one kind. */
  constructor(
    code: HubErrorCode,
    message: string,
    options: ErrorOptions & { status?: number } = {},
  ) {
    super(message, options);
    this.name = "HubError";
    this.code = code;
    this.status = options.status;
  }
}

/** A failure that may pass: a cut connection, a timeout, a busy server. */
export class Transient extends Error {
  readonly retryAfter: number | undefined; // milliseconds, when the server names a time

  constructor(message: string, options: ErrorOptions & { retryAfter?: number } = {}) {
    super(message, options);
    this.name = "Transient";
    this.retryAfter = options.retryAfter;
  }
}

/** Turns a failed write into an error that names the file and the way out; passes others on. */
export function writeError(error: unknown, path: string, cacheDir: string, need?: number): Error {
  const code = (error as { code?: string }).code;
  const text = error instanceof Error ? error.message : String(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const size = need === undefined ? "" : ` (${need} more bytes are needed)`;
    return new HubError(
      "disk_full",
      `Cannot write ${path}: the disk is full${size}; free some space, or choose another cache folder`,
      { cause: error },
    );
  }
  const refused = ["EROFS", "EACCES", "EPERM", "ENOTDIR"].includes(code ?? "");
  if (refused) {
    return new HubError(
      "cache_not_writable",
      `Cannot write ${path}: ${text}; the cache folder is ${cacheDir}: make it writable, or choose ` +
        `another with the cacheDir option or HF_HUB_CACHE`,
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(text);
}
