/**
 * Images made small and then enlarged.
 *
 * @module
 */
import type { Image, Images, Size } from "../pictures/image.ts";
import { type Defaults, drain, type Pipeline, type Preview, type RunOptions } from "../pipeline.ts";
import type { RunPlan } from "../run/run_plan.ts";
import type { SuperResolution } from "./super_resolution.ts";
import type { TextInput } from "../text_input.ts";

/** One enlargement of a {@linkcode Cascade}. */
export interface CascadeStage {
  /** The upscaler. */
  readonly pipeline: SuperResolution;
  /** See `SuperResolutionInput.noiseLevel`: it hides the flaws of the stage before. */
  readonly noiseLevel?: number | undefined;
  /** How this stage is run; whatever is absent, its own model decides. Seeds are those of the images. */
  readonly options?:
    | Omit<RunOptions, "seed" | "seeds" | "images" | "latents" | "width" | "height" | "signal">
    | undefined;
}

/**
 * A cascade (Ho et al. 2022, https://arxiv.org/abs/2106.15282; Imagen, Saharia et al. 2022,
 * https://arxiv.org/abs/2205.11487): a first model makes a small image of the prompt, each further one
 * enlarges it, told the same prompt and how much noise the smaller image was given.
 *
 * The options of a run are those of the first stage; image i keeps its seed in all of them. Each image is
 * enlarged by itself, so it does not depend on the others of its run.
 *
 * @example The stages are checked before the first one draws
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Cascade, Lazy, SuperResolution, TextToImage } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * const parts = {
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * };
 * await using cascade = new Cascade(new TextToImage(parts), [
 *   { pipeline: new SuperResolution(parts) },
 * ]);
 * await assertRejects(() => cascade.generate({ prompt: "a cat" }), TypeError, "low_res_scheduler");
 * ```
 */
export class Cascade implements Pipeline<TextInput> {
  /** Tells this pipeline from others. */
  readonly kind = "cascade" as const;
  /** See `Pipeline.defaults`; those of the first stage. */
  readonly defaults: Defaults;
  readonly #base: Pipeline<TextInput>;
  readonly #stages: readonly CascadeStage[];

  /**
   * Puts the stages together.
   *
   * @param base From a prompt to small images.
   * @param stages The enlargements, in order.
   */
  constructor(base: Pipeline<TextInput>, stages: readonly CascadeStage[]) {
    this.#base = base;
    this.#stages = stages;
    this.defaults = base.defaults;
  }

  /** See `Pipeline.plan`; the enlargements are its `stages`. */
  plan(input: TextInput, options: RunOptions = {}): RunPlan {
    const base = this.#base.plan(input, options);
    let image: Size = base;
    const stages = this.#stages.map(({ pipeline, noiseLevel, options: own }) => {
      const stage = { ...imageInput(input, 0), image, noiseLevel };
      const plan = pipeline.plan(stage, { ...shared(options), ...own, seed: base.seeds[0]! });
      image = plan;
      return plan;
    });
    return { ...base, stages };
  }

  /** See `Pipeline.generate`. */
  generate(input: TextInput, options: RunOptions = {}): Promise<Images> {
    return drain(this.stream(input, options));
  }

  /** See `Pipeline.stream`; the previews are those of one stage after the other, image by image. */
  async *stream(input: TextInput, options: RunOptions = {}): AsyncGenerator<Preview, Images> {
    options.signal?.throwIfAborted();
    this.plan(input, options); // what a later stage cannot do is found out before the first one draws
    let images: readonly Image[] = yield* this.#base.stream(input, options);
    for (const { pipeline, noiseLevel, options: own } of this.#stages) {
      const larger: Image[] = [];
      for (const [i, image] of images.entries()) {
        const stage = { ...imageInput(input, i), image, noiseLevel };
        const run = { ...shared(options), ...own, seed: image.seed };
        larger.push(...yield* pipeline.stream(stage, run));
      }
      images = larger;
    }
    return images as Images;
  }

  /** Closes the networks of all stages. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#base[Symbol.asyncDispose]();
    for (const { pipeline } of this.#stages) await pipeline[Symbol.asyncDispose]();
  }
}

/** What all stages are told. */
function shared({ rng, signal }: RunOptions): RunOptions {
  return { ...rng !== undefined && { rng }, ...signal && { signal } };
}

/** What the input says of one image. */
function imageInput(input: TextInput, index: number): TextInput {
  const { prompt, negativePrompt } = input;
  return {
    ...input,
    prompt: ownOf(prompt, index),
    ...negativePrompt !== undefined && { negativePrompt: ownOf(negativePrompt, index) },
  };
}

/** A list of one is for all. */
function ownOf<T>(value: T | readonly T[], index: number): T {
  if (!Array.isArray(value)) return value as T;
  return value[value.length === 1 ? 0 : index];
}
