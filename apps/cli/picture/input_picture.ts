/**
 * The picture to start from and its mask: read, checked and brought to the size of the output.
 *
 * @module
 */

import { fileError } from "../exit_codes.ts";
import { readPicture, type Rgba } from "./image_file.ts";
import { blurred, type Mask, maskOf } from "./mask.ts";
import type { Given } from "../options/options.ts";
import type { Rgb } from "./png.ts";

/** What image-to-image and inpainting start from, as it was read. */
export interface InputPicture {
  readonly picture: Rgb;
  /** White is repainted; `--invert-mask` is applied, `--mask-blur` is not. */
  readonly mask: Mask | undefined;
}

const MASK_BLUR = 4;

/** A picture on white, without transparency. */
export function flattened({ width, height, data }: Rgba): Rgb {
  const out = new Uint8Array(width * height * 3);
  for (let i = 0, j = 0; j < out.length; i += 4, j += 3) {
    const alpha = data[i + 3]!;
    for (let c = 0; c < 3; c++) {
      out[j + c] = Math.round((data[i + c]! * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, data: out };
}

/**
 * Reads `--init-img` and `--mask`.
 *
 * @throws {CliError} A file cannot be read, or the two differ in size.
 */
export async function readInputPicture(given: Given): Promise<InputPicture | undefined> {
  if (given.initImg === undefined) return undefined;
  const picture = flattened(await readPicture(given.initImg, "--init-img"));
  if (given.mask === undefined) return { picture, mask: undefined };
  const mask = maskOf(await readPicture(given.mask, "--mask"), given.invertMask);
  if (mask.width !== picture.width || mask.height !== picture.height) {
    throw fileError(
      `Cannot use --mask ${given.mask}: it is ${mask.width}x${mask.height} and the picture ` +
        `${given.initImg} is ${picture.width}x${picture.height}; expected the same size`,
    );
  }
  if (!mask.data.some((value) => value >= 128)) {
    throw fileError(
      `Cannot use --mask ${given.mask}: it is black all over, so nothing would be repainted; ` +
        `expected white where the picture is to change (or --invert-mask)`,
    );
  }
  return { picture, mask };
}

/**
 * The size of the output: what was given, else the picture's proportions at about as many pixels as
 * the model was trained on, never more than the picture has.
 */
export function outputSize(
  given: Given,
  picture: Rgb | undefined,
  defaults: { readonly width: number; readonly height: number },
): { width: number; height: number } {
  if (picture === undefined || given.width !== undefined || given.height !== undefined) {
    return { width: given.width ?? defaults.width, height: given.height ?? defaults.height };
  }
  const area = defaults.width * defaults.height;
  const scale = Math.sqrt(Math.min(1, area / (picture.width * picture.height)));
  // Networks halve their input a few times: sizes they can take are multiples of 64, or smaller ones
  // for small models.
  const multiple = Math.min(64, defaults.width, defaults.height);
  const fit = (n: number) => Math.max(multiple, Math.round(n * scale / multiple) * multiple);
  return { width: fit(picture.width), height: fit(picture.height) };
}

/**
 * How much of what was made to show: nothing where the pipeline repaints nothing, so that those pixels
 * stay as they were, and all of it further inside than `--mask-blur` reaches.
 */
export function seamMask(mask: Mask, given: Given): Mask {
  const repainted = mask.data.map((value) => value >= 128 ? 255 : 0);
  const soft = blurred({ ...mask, data: repainted }, given.maskBlur ?? MASK_BLUR);
  // A blurred edge is at one half where the hard one was: from there it rises to 1.
  const data = soft.data.map((value, i) => repainted[i] === 0 ? 0 : Math.max(0, 2 * value - 255));
  return { ...mask, data };
}
