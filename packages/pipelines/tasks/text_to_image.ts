/**
 * Images from prompts.
 *
 * @module
 */
import { textTask } from "../run/_text_task.ts";
import { ImageToImage } from "./image_to_image.ts";
import { Inpaint } from "./inpaint.ts";
import { Interpolate } from "./interpolate.ts";
import { type OpenModel, openModel, type OpenOptions } from "../bayes/open_model.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import { Restore } from "./restore.ts";
import { ScoreBased } from "./score_based.ts";
import { SuperResolution } from "./super_resolution.ts";
import type { Task } from "../run/task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

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
 *   vaeScaleFactor: 8,
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
  /** Whether the model only repaints parts of pictures: then {@linkcode TextToImage.inpaint} is its task. */
  readonly repaints: boolean;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: TextParts) {
    super(parts);
    this.enlarges = parts.lowRes !== undefined;
    this.repaints = !this.enlarges && parts.inChannels !== parts.channels;
    this.imageToImage = new ImageToImage(parts);
    this.inpaint = new Inpaint(parts);
    this.superResolution = new SuperResolution(parts);
    this.interpolate = new Interpolate(parts);
    this.restore = new Restore(parts);
    this.scoreBased = new ScoreBased(parts);
  }

  /** The model as functions, for `classify`, `pictureLikelihood` and samplers of one's own. */
  open(input: TextInput, options?: OpenOptions): Promise<OpenModel> {
    return openModel(this.parts, input, options);
  }

  /** The prompts, and noise to begin from. */
  protected override task(input: TextInput, options: RunOptions): Task {
    const { inChannels, channels } = this.parts;
    if (inChannels !== channels) {
      throw new TypeError(
        `Cannot make image from text: the model reads ${inChannels} channels; expected ` +
          `${channels}: use its "${this.enlarges ? "superResolution" : "inpaint"}"`,
      );
    }
    return textTask(this.parts, input, options);
  }
}
