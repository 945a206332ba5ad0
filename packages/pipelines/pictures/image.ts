/**
 * Pictures, and the tensors that networks see.
 *
 * @module
 */

/** The size of a picture. */
export interface Size {
  /** Pixels per row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Pixels in rows from the top left, 8 bits per channel. */
export interface Picture extends Size {
  /** 3 (RGB) or 4 (RGBA) bytes per pixel; 1 (grey) is accepted as input. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A picture that was made, in RGB, and the seed that makes it again. */
export interface Image extends Picture {
  /** RGB, 3 bytes per pixel. */
  readonly data: Uint8Array;
  /** The seed of this image, not of its batch. */
  readonly seed: number;
}

/** The images of a run: there is no run without one. */
export type Images = readonly [Image, ...Image[]];

/**
 * How many bytes a pixel of a picture has.
 *
 * @param picture The picture.
 * @param what How the message calls it.
 * @returns 1, 3 or 4.
 * @throws {RangeError} When the size is not whole and positive, or does not divide the data.
 *
 * @example RGBA
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { channelsOf } from "@shum/pipelines";
 *
 * assertEquals(channelsOf({ width: 2, height: 1, data: new Uint8Array(8) }), 4);
 * ```
 */
export function channelsOf({ width, height, data }: Picture, what = "image"): number {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(
      `Cannot read ${what}: its size is ${width}x${height}; expected whole numbers above 0`,
    );
  }
  const channels = data.length / (width * height);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new RangeError(
      `Cannot read ${what}: ${data.length} bytes for ${width}x${height} pixels; expected 1, 3 or 4 ` +
        `bytes per pixel`,
    );
  }
  return channels;
}

/**
 * A picture as a network sees it: `[1, 3, height, width]`, values from -1 to 1. Transparency is
 * dropped, grey is repeated.
 *
 * @param picture The picture.
 * @returns The flat tensor.
 * @throws {RangeError} When the picture is malformed.
 *
 * @example White is 1, black is -1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toTensor } from "@shum/pipelines";
 *
 * const picture = { width: 2, height: 1, data: Uint8Array.of(255, 255, 255, 0, 0, 0) };
 * assertEquals([...toTensor(picture)], [1, -1, 1, -1, 1, -1]);
 * ```
 */
export function toTensor(picture: Picture): Float32Array {
  const channels = channelsOf(picture);
  const { data } = picture;
  const size = picture.width * picture.height;
  const out = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const from = channels === 1 ? 0 : c;
    for (let i = 0; i < size; i++) out[c * size + i] = data[i * channels + from]! / 127.5 - 1;
  }
  return out;
}

/**
 * Sample `index` of a tensor `[batch, channels, height, width]` with values from -1 to 1, as an RGB
 * image: `x / 2 + 1/2` clamped to 0..1, rounded to 8 bits. One channel is shown as grey.
 *
 * @param tensor The flat tensor and its shape.
 * @param index Which sample of the batch.
 * @param seed The image's seed.
 * @returns The image.
 *
 * @example One grey pixel
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toImage } from "@shum/pipelines";
 *
 * const image = toImage({ data: Float32Array.of(0, 0, 0), shape: [1, 3, 1, 1] }, 0, 42);
 * assertEquals([...image.data], [128, 128, 128]);
 * ```
 */
export function toImage(
  { data, shape }: { readonly data: Float32Array; readonly shape: readonly number[] },
  index: number,
  seed: number,
): Image {
  const [, channels, height, width] = shape as [number, number, number, number];
  const size = height * width;
  const first = index * channels * size;
  const out = new Uint8Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const from = first + (c < channels ? c : 0) * size;
    for (let i = 0; i < size; i++) {
      const value = data[from + i]! * 127.5 + 127.5;
      out[3 * i + c] = value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
    }
  }
  return { width, height, data: out, seed };
}
