/**
 * From the size of pictures to the shape of samples, and back.
 *
 * @module
 */
import type { Autoencoder } from "@shum/models";
import type { Shape } from "./_sample.ts";
import { type Image, toImage } from "./image.ts";
import { Lazy } from "./lazy.ts";
import type { RunOptions } from "./pipeline.ts";
import type { PixelParts } from "./unconditional.ts";

/**
 * The shape of a run's samples.
 *
 * @param parts What the model says about sizes.
 * @param options What the caller said.
 * @param images How many images.
 * @returns `[images, channels, height, width]` in the network's cells.
 * @throws {RangeError} When width or height do not suit the model.
 */
export function shapeOf(
  parts: Pick<PixelParts, "channels" | "scaleFactor" | "sizeMultiple" | "defaults">,
  { width, height }: Pick<RunOptions, "width" | "height">,
  images: number,
): Shape {
  const { channels, scaleFactor, sizeMultiple, defaults } = parts;
  const size = { width: width ?? defaults.width, height: height ?? defaults.height };
  for (const name of ["width", "height"] as const) {
    const value = size[name];
    if (sizeMultiple === undefined && value !== defaults[name]) {
      throw new RangeError(
        `Cannot make image: ${name} is ${value}; expected ${
          defaults[name]
        }, the only one that the ` +
          `model was made for`,
      );
    }
    const multiple = sizeMultiple ?? 1;
    if (!Number.isInteger(value) || value < multiple || value % multiple !== 0) {
      const nearest = Math.max(1, Math.round((Number.isFinite(value) ? value : 0) / multiple));
      throw new RangeError(
        `Cannot make image: ${name} is ${value}; expected a multiple of ${multiple}, such as ` +
          `${nearest * multiple}`,
      );
    }
  }
  return [images, channels, size.height / scaleFactor, size.width / scaleFactor];
}

/**
 * How samples become images.
 *
 * @param parts What decodes latents, or the range of pixels.
 * @param seeds One seed per image.
 * @returns A function for {@linkcode sample}.
 */
export function decoder(
  { autoencoder, range: [low, high] = [-1, 1] }: {
    readonly autoencoder?: Lazy<Autoencoder>;
    readonly range?: readonly [low: number, high: number];
  },
  seeds: readonly number[],
): (x: Float32Array, shape: Shape) => Promise<readonly Image[]> {
  return async (x, shape) => {
    if (!autoencoder) {
      const isPlain = low === -1 && high === 1;
      const data = isPlain ? x : x.map((value) => 2 * (value - low) / (high - low) - 1);
      return seeds.map((seed, i) => toImage({ data, shape }, i, seed));
    }
    await using lease = await autoencoder.acquire();
    const pictures = await lease.value.decode(x, shape);
    return seeds.map((seed, i) => toImage(pictures, i, seed));
  };
}
