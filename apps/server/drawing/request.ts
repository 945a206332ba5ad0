/**
 * What is to be drawn, whichever door it came through: plain data, so that a queue may carry it to
 * another process.
 *
 * @module
 */

import type { Given, Mask, Rgb } from "../cli.ts";
import { badRequest } from "../errors.ts";

/** The door that a request came through. */
export type Door = "openai" | "a1111" | "jobs";

/** Pictures to draw. */
export interface DrawRequest {
  readonly door: Door;
  /** The name of a served model. */
  readonly model: string;
  /** The settings, as the command line has them; `seed` is chosen, `batchCount` counts the pictures. */
  readonly given: Given & { readonly seed: number; readonly batchCount: number };
  /** What image-to-image and inpainting start from. */
  readonly picture?: Rgb;
  /** As large as the picture; white is repainted. */
  readonly mask?: Mask;
  readonly format: "png" | "jpg";
  /** Of JPEG. */
  readonly quality?: number;
  /** How many times each picture is shown on its way. */
  readonly previews: number;
}

/** A picture that was drawn. */
export interface Drawn {
  /** The file, with its metadata. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** The text that A1111 writes. */
  readonly infotext: string;
}

/** The media type of a format. */
export const mediaType = { png: "image/png", jpg: "image/jpeg" } as const;

/**
 * The seed of the first picture: the one given, or a random one where it is absent or -1.
 *
 * @throws {HttpError} The last of the pictures would have a seed that is no whole number any more.
 */
export function chosenSeed(
  seed: number | null | undefined,
  pictures: number,
  param = "seed",
): number {
  if (seed === undefined || seed === null || seed === -1) {
    return crypto.getRandomValues(new Uint32Array(1))[0]!;
  }
  if (seed <= Number.MAX_SAFE_INTEGER - (pictures - 1)) return seed;
  throw badRequest(
    `Cannot use ${param} ${seed} for ${pictures} pictures: the last one would have a seed above ` +
      `${Number.MAX_SAFE_INTEGER}`,
    param,
  );
}

/** An object without the keys that have no value. */
export function defined<T extends Record<string, unknown>>(
  object: T,
): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(object).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}
