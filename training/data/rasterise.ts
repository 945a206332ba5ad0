/**
 * SVG text to pixels, by `sharp` (librsvg).
 *
 * @module
 */
import sharp from "sharp";

sharp.concurrency(1); // one thread per worker: the workers are the parallelism
sharp.cache(false);

/** Renders an SVG whose own size is `size`×`size` to RGB bytes, row by row, on white. */
export async function rasterise(svg: string, size: number): Promise<Uint8Array> {
  const { data, info } = await sharp(new TextEncoder().encode(svg))
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== size || info.height !== size || info.channels !== 3) {
    throw new RangeError(
      `Cannot rasterise: picture is ${info.width}×${info.height}×${info.channels}; expected ${size}×${size}×3`,
    );
  }
  return data;
}
