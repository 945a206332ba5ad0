/**
 * Images from prompts.
 *
 * @module
 */
import { initialNoise } from "./_noise.ts";
import { planTextRun, runText } from "./_text_run.ts";
import type { Image } from "./image.ts";
import { ImageToImage } from "./image_to_image.ts";
import { Inpaint } from "./inpaint.ts";
import { Interpolate } from "./interpolate.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import { type OpenModel, openTextModel } from "./open_model.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import { Restore } from "./restore.ts";
import { ScoreBased } from "./score_based.ts";
import { SuperResolution } from "./super_resolution.ts";
import type { TextInput } from "./text_input.ts";
import type { TextParts } from "./text_parts.ts";

/**
 * Images from prompts by a latent diffusion model, Rombach et al. (2022),
 * https://arxiv.org/abs/2112.10752. The same settings and seed give the image that diffusers gives.
 *
 * {@linkcode TextToImage.imageToImage} and {@linkcode TextToImage.inpaint} share its networks. Make one
 * with {@linkcode fromPretrained}.
 *
 * @example Bad settings are refused before anything is opened
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, TextToImage } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new TextToImage({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   scaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const run = pipeline.generate({ prompt: "a cat" }, { width: 500 });
 * await assertRejects(() => run, RangeError, "multiple of 8");
 * ```
 */
export class TextToImage extends ModelPipeline<TextInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "text-to-image" as const;
  /** Images from a prompt and an image, by the same networks. */
  readonly imageToImage: ImageToImage;
  /** Images with a part repainted, by the same networks. */
  readonly inpaint: Inpaint;
  /** Pictures enlarged, where the model is an upscaler. */
  readonly superResolution: SuperResolution;
  /** Rows of images between two prompts and seeds, by the same networks. */
  readonly interpolate: Interpolate;
  /** Pictures coloured, enlarged, completed or denoised, by the same networks. */
  readonly restore: Restore;
  /** Images by the score, by the same networks. */
  readonly scoreBased: ScoreBased;
  /** Whether the model only enlarges pictures: then {@linkcode TextToImage.superResolution} is its task. */
  readonly enlarges: boolean;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: TextParts) {
    super(parts);
    this.enlarges = parts.lowRes !== undefined;
    this.imageToImage = new ImageToImage(parts);
    this.inpaint = new Inpaint(parts);
    this.superResolution = new SuperResolution(parts);
    this.interpolate = new Interpolate(parts);
    this.restore = new Restore(parts);
    this.scoreBased = new ScoreBased(parts);
  }

  /** The model as functions, for `classify`, `pictureLikelihood` and samplers of one's own. */
  open(input: TextInput, options?: Parameters<typeof openTextModel>[2]): Promise<OpenModel> {
    return openTextModel(this.parts, input, options);
  }

  /** See `Pipeline.stream`. */
  async *stream(
    input: TextInput,
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    if (this.parts.inChannels !== this.parts.channels) {
      throw new TypeError(
        `Cannot make image from text: the model reads ${this.parts.inChannels} channels; expected ` +
          `${this.parts.channels}: use its "${this.enlarges ? "superResolution" : "inpaint"}"`,
      );
    }
    const run = planTextRun(this.parts, input, options);
    return yield* runText(this.parts, input, options, run, () => {
      const x = initialNoise(run.shape, run.generators, options, run.seeds);
      const { initNoiseSigma } = run.scheduler;
      for (let i = 0; i < x.length; i++) x[i]! *= initNoiseSigma;
      return { x };
    });
  }
}
