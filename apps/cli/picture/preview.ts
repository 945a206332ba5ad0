/**
 * A picture as it forms: in the terminal, two pixels per letter, and as raw latents where decoding
 * would cost too much.
 *
 * @module
 */

import type { Rgb } from "./png.ts";

/** Averages a picture down to at most `width` x `height` pixels, in proportion. */
export function shrink(picture: Rgb, width: number, height: number): Rgb {
  const scale = Math.min(1, width / picture.width, height / picture.height);
  const w = Math.max(1, Math.round(picture.width * scale));
  const h = Math.max(1, Math.round(picture.height * scale));
  const data = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    const top = Math.floor(y * picture.height / h);
    const bottom = Math.max(top + 1, Math.floor((y + 1) * picture.height / h));
    for (let x = 0; x < w; x++) {
      const left = Math.floor(x * picture.width / w);
      const right = Math.max(left + 1, Math.floor((x + 1) * picture.width / w));
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let j = top; j < bottom; j++) {
          for (let i = left; i < right; i++) sum += picture.data[(j * picture.width + i) * 3 + c]!;
        }
        data[(y * w + x) * 3 + c] = sum / ((bottom - top) * (right - left));
      }
    }
  }
  return { width: w, height: h, data };
}

/** A picture as terminal rows: the upper half block shows one pixel, its background the one below. */
export function terminalRows(picture: Rgb, columns: number, rows = 24): string[] {
  const { width, height, data } = shrink(picture, Math.max(1, columns - 1), rows * 2);
  const colour = (x: number, y: number) => {
    const at = (y * width + x) * 3;
    return `${data[at]};${data[at + 1]};${data[at + 2]}`;
  };
  const lines: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = "";
    for (let x = 0; x < width; x++) {
      const below = y + 1 < height ? `\x1b[48;2;${colour(x, y + 1)}m` : "";
      line += `\x1b[38;2;${colour(x, y)}m${below}▀`;
    }
    lines.push(`${line}\x1b[0m`);
  }
  return lines;
}

/**
 * Latents as colours: the first three channels, each spread over its own range. It shows shapes, not
 * true colours; pixels of models without a VAE are shown as they are.
 *
 * @param x0 The predicted clean samples, `shape` flat.
 * @param shape `[batch, channels, height, width]`.
 * @param index Which sample of the batch.
 */
export function latentPicture(
  x0: Float32Array,
  [, channels, height, width]: readonly [number, number, number, number],
  index = 0,
): Rgb {
  const area = height * width;
  const data = new Uint8Array(area * 3);
  for (let c = 0; c < 3; c++) {
    const channel = Math.min(c, channels - 1);
    const from = (index * channels + channel) * area;
    const plane = x0.subarray(from, from + area);
    let [low, high] = [-1, 1];
    if (channels > 3) {
      let sum = 0, squares = 0;
      for (const value of plane) {
        sum += value;
        squares += value * value;
      }
      const mean = sum / area;
      const spread = 2 * Math.sqrt(Math.max(squares / area - mean * mean, 1e-12));
      [low, high] = [mean - spread, mean + spread];
    }
    for (let i = 0; i < area; i++) {
      const share = (plane[i]! - low) / (high - low);
      data[i * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, share)));
    }
  }
  return { width, height, data };
}
