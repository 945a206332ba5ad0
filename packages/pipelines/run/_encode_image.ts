/**
 * From a picture to the samples that a run starts from.
 *
 * @module
 */
import type { Autoencoder } from "@shum/models";
import type { Shape } from "./_shape.ts";
import { channelsOf, type Picture, type Size, toTensor } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import type { RunOptions } from "../pipeline.ts";
import { resize } from "../pictures/resize.ts";
import type { Batch } from "./task.ts";

/**
 * The output's size when only an image tells it: its own, cut down to what the model can make.
 *
 * @param image The image.
 * @param parts What width and height must be a multiple of.
 * @returns Width and height.
 */
export function sizeFrom(
  image: Picture,
  { vaeScaleFactor, sizeMultiple: multiple = vaeScaleFactor }: Pick<
    ModelParts,
    "vaeScaleFactor" | "sizeMultiple"
  >,
): Size {
  channelsOf(image); // throws on a malformed picture
  const fit = (value: number) => Math.max(multiple, value - value % multiple);
  return { width: fit(image.width), height: fit(image.height) };
}

/**
 * The size of a picture to restore, cut down to what a model of pixels can make.
 *
 * @param parts The model.
 * @param picture The picture.
 * @returns Width and height; none where the model makes its own size only.
 * @throws {TypeError} When the model works on latents, or on other than RGB.
 */
export function sizeOfPicture(parts: ModelParts, picture: Picture): Size | undefined {
  if (parts.decoder || parts.channels !== 3) {
    throw new TypeError(
      `Cannot restore picture: the model makes ${parts.decoder ? "latents" : "samples"} of ` +
        `${parts.channels} channels; expected a model of RGB pixels`,
    );
  }
  const size = sizeFrom(picture, parts);
  return parts.fixedSize ? undefined : size;
}

/**
 * The tensor of a picture, once per image, at the size of a run.
 *
 * @param picture The picture.
 * @param shape Shape of the samples.
 * @param parts The range of values; from -1 to 1 by default.
 * @returns `shape`, flat.
 */
export function repeatPicture(
  picture: Picture,
  shape: Shape,
  { range: [low, high] = [-1, 1] }: Pick<ModelParts, "range"> = {},
): Float32Array {
  const [batch, , height, width] = shape;
  const one = toTensor(resize(picture, width, height));
  if (low !== -1 || high !== 1) {
    for (let i = 0; i < one.length; i++) one[i] = low + (high - low) * (one[i]! + 1) / 2;
  }
  const out = new Float32Array(batch * one.length);
  for (let b = 0; b < batch; b++) out.set(one, b * one.length);
  return out;
}

/**
 * Encodes one image once per generator, each drawing its own sample of the posterior.
 *
 * @param autoencoder The model's VAE.
 * @param tensor `[1, 3, height, width]`, flat.
 * @param batch Shape of the latents, and a generator per image.
 * @param options The signal.
 * @returns Latents, scaled, flat.
 */
export async function encodeEach(
  autoencoder: Autoencoder,
  tensor: Float32Array,
  { shape: [images, channels, height, width], generators }: Pick<Batch, "shape" | "generators">,
  { signal }: Pick<RunOptions, "signal">,
): Promise<Float32Array> {
  const size = channels * height * width;
  const out = new Float32Array(images * size);
  const factor = autoencoder.vaeScaleFactor;
  const shape = [1, 3, height * factor, width * factor] as const;
  for (let b = 0; b < images; b++) {
    const { data } = await autoencoder.encode(tensor, shape, { noise: generators[b], signal });
    out.set(data, b * size);
  }
  return out;
}
