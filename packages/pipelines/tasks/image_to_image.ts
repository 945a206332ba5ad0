/**
 * Images from a prompt and an image.
 *
 * @module
 */
import { encodeEach, sizeFrom } from "../run/_encode_image.ts";
import { addNoise } from "../run/_noise.ts";
import { textTask } from "../run/_text_task.ts";
import { type Picture, toTensor } from "../pictures/image.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import { resize } from "../pictures/resize.ts";
import type { Task } from "../run/task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

/** What to make an image of, and from. */
export interface ImageToImageInput extends TextInput {
  /** The image to start from; resized to the output's size. */
  readonly image: Picture;
  /**
   * Share of the noise it is given, above 0 up to 1: of N steps, the last `strength N` are run. At 1
   * little of the image is left. Default 0.75.
   */
  readonly strength?: number | undefined;
}

/**
 * Images from a prompt and an image: SDEdit, Meng et al. (2022), https://arxiv.org/abs/2108.01073, in
 * latents. Draws of each image: the sample of the VAE's posterior, the noise, the sampler's noise.
 *
 * @example The strength leaves no step to run
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { ImageToImage, Lazy } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new ImageToImage({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   encoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const image = { width: 8, height: 8, data: new Uint8Array(192) };
 * const run = pipeline.generate({ prompt: "a cat", image, strength: 0.01 });
 * await assertRejects(() => run, RangeError, "leaves none");
 * ```
 */
export class ImageToImage extends ModelPipeline<ImageToImageInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "image-to-image" as const;

  /** Encodes the image and gives it noise; the size is the image's, unless it is given. */
  protected override task(input: ImageToImageInput, options: RunOptions): Task {
    const parts = this.parts;
    const { encoder, strengthInSchedule: inSchedule } = parts;
    if (!encoder) {
      throw new TypeError(
        "Cannot start from image: the model has no vae_encoder; expected a model with one",
      );
    }
    return {
      ...textTask(parts, input, options),
      size: sizeFrom(input.image, parts),
      begin: { strength: input.strength ?? 0.75, inSchedule },
      start: async (batch) => {
        const [, , rows, columns] = batch.shape;
        const { vaeScaleFactor } = parts;
        await using autoencoder = await encoder.acquire();
        const image = resize(input.image, columns * vaeScaleFactor, rows * vaeScaleFactor);
        const x0 = await encodeEach(autoencoder.value, toTensor(image), batch, options);
        return { x: addNoise(x0, batch.noise(), batch.level) };
      },
    };
  }
}
