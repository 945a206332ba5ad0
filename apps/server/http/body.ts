/**
 * Bodies: read within a number of bytes and a time, and refused where they are no JSON that one would
 * want to parse.
 *
 * @module
 */

import { badRequest, HttpError } from "../errors.ts";

/** Milliseconds in which a body must have come. */
const DEADLINE = 60_000;

function tooLarge(most: number): HttpError {
  return new HttpError(413, `Cannot read the request: expected a body of at most ${most} bytes`, {
    code: "body_too_large",
  });
}

/**
 * The body of a request.
 *
 * @throws {HttpError} It is larger than `most` bytes, or took too long.
 */
export async function readBody(
  request: Request,
  most: number,
  deadline: number = DEADLINE,
): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, deadline);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > most) {
        reader.cancel().catch(() => {});
        throw tooLarge(most);
      }
      parts.push(next.value);
    }
  } finally {
    clearTimeout(timer);
  }
  if (late) {
    throw new HttpError(408, `Cannot read the request: its body took over ${deadline / 1000} s`);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** No client nests its requests deeper. */
const MAX_DEPTH = 64;

/**
 * Refuses JSON that is nested deeply: parsing megabytes of brackets takes minutes, and whoever walks
 * the result overflows the stack.
 *
 * @throws {HttpError} Above 64 levels.
 */
export function requireShallow(json: Uint8Array): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (inText) {
      if (byte === 0x5c) i++; // \ and what it escapes
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MAX_DEPTH) {
        throw badRequest(
          `Cannot read the request: its JSON is nested deeper than ${MAX_DEPTH} levels`,
        );
      }
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}
