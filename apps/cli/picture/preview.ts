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

/** Red, green and blue from -1 to 1 as linear functions of latent channels. */
export interface LatentRgb {
  /** One row per channel of the latents: its share in red, green and blue. */
  readonly factors: readonly (readonly [number, number, number])[];
  /** Red, green and blue of latents that are 0. */
  readonly bias: readonly [number, number, number];
}

/**
 * The colours of a model's latents: `latent_rgb_factors` and `latent_rgb_bias` of the configuration of
 * its VAE (`tools/fit_latent_rgb.ts` finds them).
 *
 * @param config The `config.json` of the decoder.
 * @returns The colours; undefined where the configuration has none, or none that make sense.
 */
export function readLatentRgb(config: unknown): LatentRgb | undefined {
  const { latent_rgb_factors: factors, latent_rgb_bias: bias = [0, 0, 0] } =
    (config ?? {}) as Record<string, unknown>;
  const isColour = (row: unknown) =>
    Array.isArray(row) && row.length === 3 && row.every(Number.isFinite);
  if (!Array.isArray(factors) || !factors.every(isColour) || !isColour(bias)) return undefined;
  return { factors, bias } as unknown as LatentRgb;
}

/** Latents in their colours, each cell a pixel. */
function colouredLatents(
  x0: Float32Array,
  [, channels, height, width]: readonly [number, number, number, number],
  index: number,
  { factors, bias }: LatentRgb,
): Rgb {
  const area = height * width;
  const data = new Uint8ClampedArray(area * 3);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      let value = bias[c]!;
      for (let k = 0; k < channels; k++) {
        value += factors[k]![c]! * x0[(index * channels + k) * area + i]!;
      }
      data[i * 3 + c] = (value + 1) * 127.5;
    }
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}

/**
 * Latents as colours: by the model's own factors, else the first three channels, each spread over its
 * own range, which shows shapes and not true colours. Pixels of models without a VAE are shown as they
 * are.
 *
 * @param x0 The predicted clean samples, `shape` flat.
 * @param shape `[batch, channels, height, width]`.
 * @param index Which sample of the batch.
 * @param colours What the model says of its latents.
 */
export function latentPicture(
  x0: Float32Array,
  [, channels, height, width]: readonly [number, number, number, number],
  index = 0,
  colours?: LatentRgb,
): Rgb {
  if (colours?.factors.length === channels) {
    return colouredLatents(x0, [1, channels, height, width], index, colours);
  }
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
