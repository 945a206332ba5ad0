/**
 * The part of a picture around its mask, repainted by itself and put back.
 *
 * @module
 */
import { paste } from "./_mask.ts";
import { channelsOf, type Image, type Picture } from "./image.ts";
import { resize } from "./resize.ts";

/** A part of a picture, in pixels. */
export interface Region {
  /** First column. */
  readonly x: number;
  /** First row. */
  readonly y: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/**
 * The part of a picture that holds all of a mask and some of what is around it, as near to some
 * proportions as the picture allows: diffusers' `get_crop_region`.
 *
 * @param mask 0 and 1 per pixel.
 * @param size The picture's.
 * @param padding Pixels around the mask, where there are any.
 * @param ratio Width over height wanted.
 * @returns The region.
 * @throws {RangeError} When the padding is not a whole number from 0, or the mask is empty.
 */
export function cropRegion(
  mask: Float32Array,
  { width, height }: Pick<Picture, "width" | "height">,
  padding: number,
  ratio: number,
): Region {
  if (!Number.isInteger(padding) || padding < 0) {
    throw new RangeError(
      `Cannot inpaint: paddingMaskCrop is ${padding}; expected a whole number of pixels from 0`,
    );
  }
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (mask[i] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  if (right === 0) {
    throw new RangeError(
      "Cannot inpaint: the mask is dark all over; expected a light part, or no paddingMaskCrop",
    );
  }
  [left, right] = [Math.max(left - padding, 0), Math.min(right + padding, width)];
  [top, bottom] = [Math.max(top - padding, 0), Math.min(bottom + padding, height)];
  const [across, down] = [right - left, bottom - top];
  if (across / down > ratio) [top, bottom] = grow(top, bottom, across / ratio, height);
  else [left, right] = grow(left, right, down * ratio, width);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** An interval made longer to both sides, or where that leaves the picture, to one. */
function grow(start: number, end: number, wanted: number, limit: number): [number, number] {
  const more = Math.trunc(wanted - (end - start));
  const before = Math.floor(more / 2);
  const shift = Math.min(0, limit - (end + more - before));
  const from = Math.max(0, start - before + shift);
  return [from, Math.min(limit, from + end - start + more)];
}

/**
 * Cuts a region out of a picture.
 *
 * @param picture The picture.
 * @param region Inside it.
 * @returns A picture of the region's size, with as many channels.
 */
export function crop(picture: Picture, { x, y, width, height }: Region): Picture {
  const channels = channelsOf(picture);
  const data = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * channels;
    data.set(picture.data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, data };
}

/**
 * Puts a repainted region back: the original picture, with the region's pixels where the mask is 1.
 *
 * @param original The whole picture.
 * @param mask 0 and 1 per pixel of it.
 * @param region Where the repainted part lies.
 * @param made The repainted part, in any size.
 * @returns The whole picture, RGB.
 */
export function putBack(
  original: Picture,
  mask: Float32Array,
  region: Region,
  made: Image,
): Image {
  const { width, height } = original;
  const part = resize(made, region.width, region.height).data;
  const data = new Uint8Array(3 * width * height);
  const stride = 3 * region.width;
  for (let row = 0; row < region.height; row++) {
    const line = part.subarray(row * stride, (row + 1) * stride);
    data.set(line, 3 * ((region.y + row) * width + region.x));
  }
  return paste({ ...made, width, height, data }, original, mask);
}
