/**
 * From the size of pictures to the shape of samples.
 *
 * @module
 */
import type { ModelParts } from "../model_parts.ts";
import type { RunOptions } from "../pipeline.ts";

/** `[images, channels, height, width]`. */
export type Shape = readonly [batch: number, channels: number, height: number, width: number];

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
  parts: Pick<
    ModelParts,
    "channels" | "vaeScaleFactor" | "sizeMultiple" | "fixedSize" | "defaults"
  >,
  { width, height }: Pick<RunOptions, "width" | "height">,
  images: number,
): Shape {
  const { channels, vaeScaleFactor, sizeMultiple: multiple = vaeScaleFactor, fixedSize, defaults } =
    parts;
  const size = { width: width ?? defaults.width, height: height ?? defaults.height };
  for (const name of ["width", "height"] as const) {
    const value = size[name];
    if (fixedSize && value !== defaults[name]) {
      throw new RangeError(
        `Cannot make image: ${name} is ${value}; expected ${
          defaults[name]
        }, the only one that the ` +
          `model was made for`,
      );
    }
    if (!Number.isInteger(value) || value < multiple || value % multiple !== 0) {
      const nearest = Math.max(1, Math.round((Number.isFinite(value) ? value : 0) / multiple));
      throw new RangeError(
        `Cannot make image: ${name} is ${value}; expected a multiple of ${multiple}, such as ` +
          `${nearest * multiple}`,
      );
    }
  }
  return [images, channels, size.height / vaeScaleFactor, size.width / vaeScaleFactor];
}
