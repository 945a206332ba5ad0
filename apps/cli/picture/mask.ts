/**
 * The mask of inpainting: reading it, softening its edge, and putting the pixels that nobody asked to
 * change back as they were.
 *
 * @module
 */

import type { Rgba } from "./image_file.ts";
import type { Rgb } from "./png.ts";

/** One value per pixel, 0 keeps and 255 repaints. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The brightness of a picture as a mask; what is transparent counts as black. */
export function maskOf({ width, height, data }: Rgba, invert = false): Mask {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    const [r, g, b, a] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!, data[4 * i + 3]!];
    const luma = (0.299 * r + 0.587 * g + 0.114 * b) * a / 255; // Rec. 601
    out[i] = Math.round(invert ? 255 - luma : luma);
  }
  return { width, height, data: out };
}

/** Gaussian blur with a standard deviation in pixels; the edge continues outwards. */
export function blurred(mask: Mask, deviation: number): Mask {
  if (deviation === 0) return mask;
  const { width, height } = mask;
  const reach = Math.ceil(3 * deviation);
  const weights = Float64Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * deviation * deviation)),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  const pass = (
    from: ArrayLike<number>,
    length: number,
    lines: number,
    step: number,
    next: number,
  ) => {
    const out = new Float64Array(width * height);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = -reach; k <= reach; k++) {
          const at = Math.min(length - 1, Math.max(0, i + k));
          sum += weights[k + reach]! * from[line * next + at * step]!;
        }
        out[line * next + i * step] = sum / total;
      }
    }
    return out;
  };
  const across = pass(mask.data, width, height, 1, width);
  const down = pass(across, height, width, width, 1);
  return { width, height, data: Uint8Array.from(down, Math.round) };
}

/** The mask as the picture that a pipeline takes. */
export function maskPicture({ width, height, data }: Mask): Rgb {
  const out = new Uint8Array(data.length * 3);
  for (let i = 0; i < data.length; i++) out.fill(data[i]!, 3 * i, 3 * i + 3);
  return { width, height, data: out };
}

/** What was made where the mask is white, the original where it is black, a blend between. */
export function pasteBack(made: Rgb, original: Rgb, mask: Mask): Rgb {
  const data = new Uint8Array(made.data.length);
  for (let i = 0; i < data.length; i++) {
    const share = mask.data[Math.floor(i / 3)]!;
    data[i] = Math.round((made.data[i]! * share + original.data[i]! * (255 - share)) / 255);
  }
  return { width: made.width, height: made.height, data };
}
