/**
 * Pictures that clients send, always as bytes within the request. Nothing is fetched for them.
 *
 * @module
 */

import { decodePicture, flattened, isPng, type Mask, type Rgb, type Rgba } from "../cli.ts";
import { badRequest } from "../errors.ts";
import type { Limits } from "../limits.ts";

/**
 * The bytes of a data URL, or of base64 without one.
 *
 * @param param The field, for the message.
 * @throws {HttpError} It is an address, or not base64.
 */
export function bytesOf(text: string, param: string): Uint8Array<ArrayBuffer> {
  const url = /^data:[\w.+-]+\/[\w.+-]+;base64,/i.exec(text);
  if (url === null && /^[a-z][a-z0-9+.-]*:/i.test(text)) {
    throw badRequest(
      `Cannot read ${param}: "${
        text.slice(0, 40)
      }" is an address, and this server fetches nothing; ` +
        `expected a data URL (data:image/png;base64,...)`,
      param,
    );
  }
  try {
    return Uint8Array.fromBase64(url === null ? text : text.slice(url[0].length));
  } catch {
    throw badRequest(
      `Cannot read ${param}: it is not base64; expected a picture file in it`,
      param,
    );
  }
}

const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;

/**
 * Decodes an uploaded picture.
 *
 * @throws {HttpError} It is neither PNG nor JPEG, which are what clients send; damaged; or too large.
 */
export async function uploaded(bytes: Uint8Array, param: string, limits: Limits): Promise<Rgba> {
  let picture: Rgba;
  try {
    if (!isPng(bytes) && !isJpeg(bytes)) throw new SyntaxError("it begins like neither");
    picture = await decodePicture(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badRequest(
      `Cannot read ${param}: ${reason.slice(0, 200)}; expected a whole PNG or JPEG file`,
      param,
    );
  }
  const { width, height } = picture;
  const most = UPLOAD_FACTOR * limits.pixels;
  if (width * height > most) {
    throw badRequest(
      `Cannot use ${param}: it has ${width}x${height} pixels; expected at most ${most}`,
      param,
      "limit_exceeded",
    );
  }
  return picture;
}

/** Photographs are larger than what is drawn of them. */
const UPLOAD_FACTOR = 16;

/** What a request starts from. */
export interface Source {
  readonly picture: Rgb;
  readonly mask?: Mask;
}

/**
 * A picture and its mask, white to be repainted.
 *
 * @throws {HttpError} They differ in size, or nothing would be repainted.
 */
export function sourceOf(picture: Rgba, mask: Mask | undefined, param = "mask"): Source {
  if (mask === undefined) return { picture: flattened(picture) };
  if (mask.width !== picture.width || mask.height !== picture.height) {
    throw badRequest(
      `Cannot use ${param}: it is ${mask.width}x${mask.height} and the picture ${picture.width}x` +
        `${picture.height}; expected the same size`,
      param,
    );
  }
  if (!mask.data.some((value) => value >= 128)) {
    throw badRequest(
      `Cannot use ${param}: it keeps every pixel, so nothing would be repainted`,
      param,
    );
  }
  return { picture: flattened(picture), mask };
}

/** What is transparent as a mask: OpenAI's way, where the hole is what is repainted. */
export function holesOf({ width, height, data }: Rgba): Mask {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = 255 - data[4 * i + 3]!;
  return { width, height, data: out };
}
