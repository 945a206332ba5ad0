/**
 * What is left of a picture, as linear measurements `y = A·x` with their pseudo-inverses.
 *
 * @module
 */
import { toMask } from "./_mask.ts";
import { channelsOf, type Picture, toTensor } from "./image.ts";
import { resize } from "./resize.ts";

/**
 * A linear measurement of pixels, `y = A·x`, whose `A·A⁺` changes nothing: what `A⁺·y` shows is what a
 * repaired picture must agree with, and everything else is free.
 *
 * Pixels are `[1, 3, height, width]`, flat, from -1 to 1.
 */
export interface Measurement {
  /** What it is called in messages. */
  readonly name: string;
  /** `A⁺·A·x`: the part of a picture that the measurement sees, as pixels. */
  seen(pixels: Float32Array, width: number, height: number): Float32Array;
  /** `A⁺·y` of a given picture, of a repaired picture's size. */
  read(picture: Picture, width: number, height: number): Float32Array;
  /** How many times larger than the given picture the repaired one is; 1 unless it is enlarged. */
  readonly factor: number;
}

/**
 * Grey: the mean of the channels. What is free is the colour.
 *
 * @returns The measurement.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { greyMeasurement } from "@shum/pipelines";
 * assertEquals([...greyMeasurement().seen(Float32Array.of(1, 0, -0.25), 1, 1)], [0.25, 0.25, 0.25]);
 * ```
 */
export function greyMeasurement(): Measurement {
  const seen = (pixels: Float32Array, width: number, height: number) => {
    const size = width * height, out = new Float32Array(3 * size);
    for (let i = 0; i < size; i++) {
      const mean = (pixels[i]! + pixels[size + i]! + pixels[2 * size + i]!) / 3;
      out[i] = out[size + i] = out[2 * size + i] = mean;
    }
    return out;
  };
  return {
    name: "grey",
    factor: 1,
    seen,
    read: (picture, w, h) => seen(sized(picture, w, h), w, h),
  };
}

/**
 * Small: the mean of each block of `factor × factor` pixels. What is free is the detail.
 *
 * @param factor Pixels of the repaired picture per pixel of the given one, a whole number above 1.
 * @returns The measurement. It throws a `RangeError` unless the sizes are in that proportion.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { blockMeasurement } from "@shum/pipelines";
 * const pixels = Float32Array.of(1, 0, 0, 0, 1, 1, 1, 1, -1, -1, 0, 0);
 * assertEquals([...blockMeasurement(2).seen(pixels, 2, 2)].filter((_, i) => i % 4 === 0), [0.25, 1, -0.5]);
 * ```
 */
export function blockMeasurement(factor: number): Measurement {
  if (!Number.isInteger(factor) || factor < 2) {
    throw new RangeError(
      `Cannot enlarge: the factor is ${factor}; expected a whole number above 1`,
    );
  }
  return {
    name: "small",
    factor,
    seen: (pixels, width, height) => {
      checkBlocks(width, height, factor);
      const out = new Float32Array(pixels.length), across = width / factor;
      const sums = new Float64Array(across);
      for (let top = 0; top < pixels.length / width; top += factor) { // rows of all channels
        sums.fill(0);
        for (let at = top * width; at < (top + factor) * width; at++) {
          sums[Math.floor(at % width / factor)]! += pixels[at]!;
        }
        for (let at = top * width; at < (top + factor) * width; at++) {
          out[at] = sums[Math.floor(at % width / factor)]! / factor ** 2;
        }
      }
      return out;
    },
    read: (picture, width, height) => {
      checkBlocks(width, height, factor);
      const small = sized(picture, width / factor, height / factor);
      const out = new Float32Array(3 * width * height), across = width / factor;
      for (let at = 0; at < out.length; at++) {
        const row = Math.floor(at / width / factor);
        out[at] = small[row * across + Math.floor(at % width / factor)]!;
      }
      return out;
    },
  };
}

/**
 * A part of the picture: what lies outside a mask. What is free is what lies inside.
 *
 * @param mask As for inpainting: light (128 and above) where the picture is to be made anew.
 * @returns The measurement.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maskMeasurement } from "@shum/pipelines";
 * const mask = { width: 2, height: 1, data: Uint8Array.of(255, 0) };
 * assertEquals([...maskMeasurement(mask).seen(new Float32Array(6).fill(1), 2, 1)], [0, 1, 0, 1, 0, 1]);
 * ```
 */
export function maskMeasurement(mask: Picture): Measurement {
  channelsOf(mask, "mask");
  const kept = (pixels: Float32Array, width: number, height: number) => {
    const free = toMask(resize(mask, width, height));
    return pixels.map((value, i) => free[i % free.length] === 0 ? value : 0);
  };
  return { name: "masked", factor: 1, seen: kept, read: (p, w, h) => kept(sized(p, w, h), w, h) };
}

/**
 * The whole picture: nothing is free, unless it is told that the picture is noisy.
 *
 * @returns The measurement.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wholeMeasurement } from "@shum/pipelines";
 * assertEquals([...wholeMeasurement().seen(Float32Array.of(1, 0, 0.5), 1, 1)], [1, 0, 0.5]);
 * ```
 */
export function wholeMeasurement(): Measurement {
  return { name: "whole", factor: 1, seen: (pixels) => pixels.slice(), read: sized };
}

function sized(picture: Picture, width: number, height: number): Float32Array {
  return toTensor(resize(picture, width, height));
}

function checkBlocks(width: number, height: number, factor: number): void {
  if (width % factor === 0 && height % factor === 0) return;
  throw new RangeError(
    `Cannot enlarge: the picture to be made is ${width}x${height}; expected multiples of ${factor}`,
  );
}
