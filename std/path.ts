/**
 * The part of `@std/path` that this repository uses, over Deno's built-in `node:path`. `deno.json`
 * maps `@std/path` to this file; `tools/use_jsr_std.ts` points the name at JSR instead.
 *
 * @module
 */

import * as path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The character between the parts of a path: `/`, or `\` on Windows. */
export const SEPARATOR: "/" | "\\" = path.sep;
/** The character between the paths of a list such as `PATH`. */
export const DELIMITER: ":" | ";" = path.delimiter;

/** The parts of a path, as {@linkcode parse} gives them. */
export interface ParsedPath {
  /** The root, such as `/`. */
  root: string;
  /** The folder. */
  dir: string;
  /** The last part with its extension. */
  base: string;
  /** The extension with its dot. */
  ext: string;
  /** The last part without its extension. */
  name: string;
}

const text = (value: string | URL): string => value instanceof URL ? fromFileUrl(value) : value;

/** Joins parts with the separator and normalizes the result. */
export function join(first: string | URL, ...rest: string[]): string {
  return path.join(text(first), ...rest);
}
/** Resolves parts, from the right, to an absolute path. */
export function resolve(...parts: string[]): string {
  return path.resolve(...parts);
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
/** Removes `.`, `..` and doubled separators. */
export function normalize(value: string | URL): string {
  return path.normalize(text(value));
}
/** Whether a path begins at a root. */
export function isAbsolute(value: string): boolean {
  return path.isAbsolute(value);
}
/** Takes a path apart. */
export function parse(value: string): ParsedPath {
  return path.parse(value);
}
/** The path of a `file:` URL. */
export function fromFileUrl(url: string | URL): string {
  return fileURLToPath(url);
}
/** The `file:` URL of an absolute path. */
export function toFileUrl(value: string): URL {
  if (!path.isAbsolute(value)) throw new TypeError(`Path must be absolute: received "${value}"`);
  return pathToFileURL(value);
}
