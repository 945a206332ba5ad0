/**
 * Resizing pictures.
 *
 * @module
 */
import { channelsOf, type Picture } from "./image.ts";

/** Lanczos' window of three lobes. */
function lanczos(x: number): number {
  if (x === 0) return 1;
  if (x <= -3 || x >= 3) return 0;
  const p = Math.PI * x;
  return 3 * Math.sin(p) * Math.sin(p / 3) / (p * p);
}

/** For each output position, the first input position and the weights of it and its neighbours. */
function kernel(from: number, to: number): { first: number; weights: number[] }[] {
  const scale = from / to, stretch = Math.max(scale, 1); // wider when shrinking, so nothing is skipped
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 3 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + 3 * stretch + 0.5));
    const weights: number[] = [];
    for (let k = first; k < end; k++) weights.push(lanczos((k + 0.5 - centre) / stretch));
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * A picture in another size, by Lanczos resampling with antialiasing, first along rows and then along
 * columns with 8 bits in between: what Pillow's `resize(..., LANCZOS)` does, within one step of 8 bits.
 *
 * @param picture The picture.
 * @param width Pixels per row wanted.
 * @param height Rows wanted.
 * @returns The picture itself if it has that size, else a new one with as many channels.
 * @throws {RangeError} When a size is not whole and positive, or the picture is malformed.
 *
 * @example A flat colour stays flat
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resize } from "@shum/pipelines";
 *
 * const small = resize({ width: 4, height: 4, data: new Uint8Array(48).fill(200) }, 2, 1);
 * assertEquals([...small.data], [200, 200, 200, 200, 200, 200]);
 * ```
 */
export function resize(picture: Picture, width: number, height: number): Picture {
  const channels = channelsOf(picture);
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(
      `Cannot resize image: the size is ${width}x${height}; expected whole numbers above 0`,
    );
  }
  if (picture.width === width && picture.height === height) return picture;
  const rows = new Uint8ClampedArray(width * picture.height * channels);
  const across = kernel(picture.width, width);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = across[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) {
          sum += weights[k]! * picture.data[(y * picture.width + first + k) * channels + c]!;
        }
        rows[(y * width + x) * channels + c] = sum; // clamps and rounds
      }
    }
  }
  const out = new Uint8ClampedArray(width * height * channels);
  const down = kernel(picture.height, height);
  const stride = width * channels;
  for (let y = 0; y < height; y++) {
    const { first, weights } = down[y]!;
    for (let i = 0; i < stride; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * rows[(first + k) * stride + i]!;
      out[y * stride + i] = sum;
    }
  }
  return { width, height, data: out };
}
