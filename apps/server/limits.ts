/**
 * What one request may ask for. All of it is checked before any work.
 *
 * @module
 */

import { badRequest } from "./errors.ts";

/** The most that one request may ask for. */
export interface Limits {
  /** Of one picture, drawn or uploaded. */
  readonly pixels: number;
  /** Denoising steps of one picture. */
  readonly steps: number;
  /** Pictures. */
  readonly images: number;
  /** Bytes of the body. */
  readonly body: number;
  /** Letters of a prompt. */
  readonly prompt: number;
  /** Jobs that wait or are being received. */
  readonly queue: number;
}

/** The limits when the command line says nothing. */
export const DEFAULT_LIMITS: Limits = {
  pixels: 1024 * 1024,
  steps: 150,
  images: 10,
  body: 32 * 2 ** 20,
  prompt: 4000,
  queue: 16,
};

/** What {@linkcode requireWithin} looks at. */
export interface Asked {
  readonly prompt: string;
  readonly negativePrompt?: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly images: number;
}

/**
 * Refuses a request that asks for too much.
 *
 * @param names How this door calls its fields.
 * @throws {HttpError} Naming the field.
 */
export function requireWithin(
  limits: Limits,
  { prompt, negativePrompt = "", width, height, steps, images }: Asked,
  names: Readonly<Record<"prompt" | "negativePrompt" | "size" | "steps" | "images", string>>,
): void {
  const check = (value: number, most: number, what: string, param: string) => {
    if (value <= most) return;
    throw badRequest(
      `Cannot draw: ${what} is ${value}; expected at most ${most}`,
      param,
      "limit_exceeded",
    );
  };
  check(prompt.length, limits.prompt, "the length of the prompt", names.prompt);
  check(negativePrompt.length, limits.prompt, "the length of the prompt", names.negativePrompt);
  check(width * height, limits.pixels, `the number of pixels (${width}x${height})`, names.size);
  check(steps, limits.steps, "the number of steps", names.steps);
  check(images, limits.images, "the number of pictures", names.images);
}
