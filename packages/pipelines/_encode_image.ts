/**
 * From a picture to the latents that a run starts from.
 *
 * @module
 */
import type { Autoencoder } from "@shum/models";
import type { Gaussian } from "@shum/schedulers";
import type { Shape } from "./_sample.ts";
import { channelsOf, type Picture } from "./image.ts";
import type { RunOptions } from "./pipeline.ts";

/**
 * The output's size when only an image tells it: its own, cut down to what the model can make.
 *
 * @param image The image.
 * @param options What the caller said.
 * @param multiple What width and height must be a multiple of.
 * @returns The options with width and height.
 */
export function sizeFrom(image: Picture, options: RunOptions, multiple: number): RunOptions {
  channelsOf(image); // throws on a malformed picture
  const fit = (value: number) => Math.max(multiple, value - value % multiple);
  return { width: fit(image.width), height: fit(image.height), ...options };
}

/**
 * Encodes one image once per generator, each drawing its own sample of the posterior.
 *
 * @param autoencoder The model's VAE.
 * @param tensor `[1, 3, height, width]`, flat.
 * @param shape Shape of the latents.
 * @param generators One per image to be.
 * @param options The signal.
 * @returns Latents, scaled, `shape` flat.
 */
export async function encodeEach(
  autoencoder: Autoencoder,
  tensor: Float32Array,
  [batch, channels, height, width]: Shape,
  generators: readonly Gaussian[],
  { signal }: Pick<RunOptions, "signal">,
): Promise<Float32Array> {
  const size = channels * height * width;
  const out = new Float32Array(batch * size);
  const factor = autoencoder.scaleFactor;
  const shape = [1, 3, height * factor, width * factor] as const;
  for (let b = 0; b < batch; b++) {
    const { data } = await autoencoder.encode(tensor, shape, { noise: generators[b], signal });
    out.set(data, b * size);
  }
  return out;
}
