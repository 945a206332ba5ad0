/**
 * The part of `@std/path` that this repository uses, over Deno's built-in `node:path`. `deno.json`
 * maps `@std/path` to this file; `tools/use_jsr_std.ts` points the name at JSR instead.
 *
 * @module
 */

import * as path from "node:path";
import { fileURLToPath } from "node:url";

const text = (value: string | URL): string => value instanceof URL ? fromFileUrl(value) : value;

/** Joins parts with the separator and normalizes the result. */
export function join(first: string | URL, ...rest: string[]): string {
  return path.join(text(first), ...rest);
}
/** The folder part of a path. */
export function dirname(value: string | URL): string {
  return path.dirname(text(value));
}
/** The last part of a path, less `suffix`. */
export function basename(value: string | URL, suffix = ""): string {
  return path.basename(text(value), suffix);
}
/** The extension with its dot; empty if there is none. */
export function extname(value: string | URL): string {
  return path.extname(text(value));
}
/** The path that leads from one folder to another path. */
export function relative(from: string, to: string): string {
  return path.relative(from, to);
}
/** The path of a `file:` URL. */
export function fromFileUrl(url: string | URL): string {
  return fileURLToPath(url);
}
