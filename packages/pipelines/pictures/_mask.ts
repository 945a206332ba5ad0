/**
 * Masks: which part of a picture is to be made anew.
 *
 * @module
 */
import { channelsOf, type Image, type Picture } from "./image.ts";

/**
 * Throws unless a mask suits an image.
 *
 * @param mask The mask.
 * @param image The image.
 * @throws {RangeError} When one is malformed, or their sizes differ.
 */
export function checkMask(mask: Picture, image: Picture): void {
  channelsOf(image);
  channelsOf(mask, "mask");
  if (mask.width !== image.width || mask.height !== image.height) {
    throw new RangeError(
      `Cannot inpaint: the mask is ${mask.width}x${mask.height}; expected ` +
        `${image.width}x${image.height}, the size of the image`,
    );
  }
}

/**
 * A mask as 0 and 1 per pixel: 1 where its brightness is at least 128.
 *
 * @param mask The picture; of several channels, the brightness is 0.299 R + 0.587 G + 0.114 B.
 * @returns One number per pixel.
 */
export function toMask(mask: Picture): Float32Array {
  const channels = channelsOf(mask, "mask");
  const { data } = mask;
  return Float32Array.from({ length: mask.width * mask.height }, (_, i) => {
    const at = i * channels;
    const grey = channels === 1
      ? data[at]!
      : Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
    return grey >= 128 ? 1 : 0;
  });
}

/**
 * Puts the original's pixels back where nothing was to be made anew.
 *
 * @param made What was made; changed in place.
 * @param original The picture, of the same size.
 * @param mask 0 and 1 per pixel: 0 where the original stays.
 * @returns What was made.
 */
export function paste(made: Image, original: Picture, mask: Float32Array): Image {
  const channels = channelsOf(original);
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) continue;
    for (let c = 0; c < 3; c++) {
      made.data[3 * i + c] = original.data[i * channels + (channels === 1 ? 0 : c)]!;
    }
  }
  return made;
}
