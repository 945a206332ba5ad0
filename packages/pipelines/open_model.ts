/**
 * A model as functions, for samplers, bounds and classifiers that are no plan.
 *
 * @module
 */
import type { Branch, Progress } from "@shum/guidance";
import { type Condition, type Denoiser, splitVariance } from "@shum/models";
import { type Gaussian, type TrainedProcess, trainedProcess } from "@shum/schedulers";
import { promptsOf } from "./_text_conditions.ts";
import { encodeRun, planTextRun } from "./_text_run.ts";
import { shapeOf } from "./_shape.ts";
import { type Image, toImage } from "./image.ts";
import type { Lease } from "./lazy.ts";
import type { RunOptions } from "./pipeline.ts";
import type { TextInput } from "./text_input.ts";
import type { TextParts } from "./text_parts.ts";
import type { PixelParts } from "./unconditional.ts";

/**
 * A model that is open: its network at any sample and timestep, and the way between samples and pixels.
 * Samples are latents where the model has a VAE, pixels from -1 to 1 elsewhere; they are flat,
 * `[batch, ...size]`, and pixels are `[batch, 3, height, width]`. Networks stay open until it is disposed of.
 */
export interface OpenModel extends AsyncDisposable {
  /** How the network was trained. */
  readonly process: TrainedProcess;
  /** `[channels, height, width]` of a sample. */
  readonly size: readonly [channels: number, height: number, width: number];
  /** Pixels per cell of a sample. */
  readonly scaleFactor: number;
  /** Whether samples are latents. */
  readonly latent: boolean;
  /** How many prompts it was opened with. */
  readonly prompts: number;
  /**
   * The network's guided output for the first prompt.
   *
   * @param x Samples as the network sees them, `cIn·x`.
   * @param t The timestep that it is told.
   * @param progress Where the run stands, for guidance that depends on it.
   */
  predict(x: Float32Array, t: number, progress?: Progress): Promise<Float32Array>;
  /**
   * The network's outputs for each of several prompts, without guidance.
   *
   * @param x As in `predict`.
   * @param t As in `predict`.
   * @param prompts Which prompts; all by default.
   */
  predictEach(
    x: Float32Array,
    t: number,
    prompts?: readonly number[],
  ): Promise<readonly Float32Array[]>;
  /** Pixels as samples; the mean of the VAE's posterior, or with `noise` a draw from it. */
  fromPixels(pixels: Float32Array, noise?: Gaussian): Promise<Float32Array>;
  /** Samples as pixels. */
  toPixels(x: Float32Array): Promise<Float32Array>;
  /** Samples as images; `seeds` are what the images say of themselves. */
  toImages(x: Float32Array, seeds?: readonly number[]): Promise<readonly Image[]>;
}

/**
 * Opens a text-conditional model; `TextToImage.open` is the way to it.
 *
 * @param parts The model.
 * @param input Prompts: `predict` answers for the first, `predictEach` for each.
 * @param options Guidance, size and signal of the run; no seeds and no sampler.
 * @returns The model, to be disposed of.
 * @throws {TypeError | RangeError} When an input or option is not usable.
 *
 * @example Prompts are needed
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, openTextModel } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * const parts = {
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   scaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * };
 * await assertRejects(() => openTextModel(parts, { prompt: [] }), TypeError, "0 prompts");
 * ```
 */
export async function openTextModel(
  parts: TextParts,
  input: TextInput,
  options: Omit<RunOptions, "seed" | "seeds" | "images" | "sampler" | "schedule"> = {},
): Promise<OpenModel> {
  if (parts.inChannels !== parts.channels) {
    throw new TypeError(
      `Cannot open model by itself: it reads ${parts.inChannels} channels; expected ` +
        `${parts.channels}, its samples' own`,
    );
  }
  const conditions: Readonly<Partial<Record<Branch, Condition>>>[] = [];
  const process = trainedProcess(parts.scheduler);
  let run;
  for (const [i, prompt] of promptsOf(input).entries()) {
    const negatives = input.negativePrompt;
    const negativePrompt = Array.isArray(negatives) ? negatives[i] ?? negatives[0] : negatives;
    const own = { ...input, prompt, negativePrompt };
    run = planTextRun(parts, own, { ...options, seed: 0 });
    const [group] = await encodeRun(parts, own, options, run);
    conditions.push(group!.conditions);
  }
  const { guidance, shape: [, channels, height, width] } = run!;
  if (guidance.on !== "output" || guidance.renoise || guidance.gradient) {
    throw new TypeError(
      "Cannot open model by itself: the guidance changes how a plan is run; expected guidance of raw " +
        "outputs, such as classifierFree",
    );
  }
  const denoiser = await parts.denoiser.acquire();
  const size = channels * height * width, factor = parts.scaleFactor;
  const shapeFor = (values: Float32Array, ...[c, h, w]: readonly number[]) =>
    [values.length / (c! * h! * w!), c!, h!, w!] as const;
  const ask = askerOf(denoiser, shapeFor, [channels, height, width], options.signal);
  const toPixels = async (x: Float32Array) => {
    await using lease = await parts.decoder.acquire();
    return (await lease.value.decode(x, shapeFor(x, channels, height, width), options)).data;
  };
  return {
    process,
    size: [channels, height, width],
    scaleFactor: factor,
    latent: true,
    prompts: conditions.length,
    predict: async (x, t, progress) => {
      const own = conditions[0]!;
      const where = progress ?? { index: 0, total: 1, level: process.schedule.at(Math.round(t)) };
      const branches = guidance.branches(where);
      const outputs = await ask(x, t, branches.map((branch) => own[branch]!));
      const out = new Float32Array(x.length);
      const named = Object.fromEntries(branches.map((branch, k) => [branch, outputs[k]!]));
      guidance.start({ batch: x.length / size })(out, named, where);
      return out;
    },
    predictEach: (x, t, prompts = conditions.map((_, i) => i)) =>
      ask(x, t, prompts.map((i) => conditions[i]!.positive!)),
    fromPixels: async (pixels, noise) => {
      if (!parts.encoder) {
        throw new TypeError(
          "Cannot read picture: the model has no vae_encoder; expected a model with one",
        );
      }
      await using lease = await parts.encoder.acquire();
      const shape = shapeFor(pixels, 3, height * factor, width * factor);
      return (await lease.value.encode(pixels, shape, { noise, signal: options.signal })).data;
    },
    toPixels,
    toImages: async (x, seeds) => {
      const pixels = await toPixels(x);
      return imagesOf(pixels, shapeFor(pixels, 3, height * factor, width * factor), seeds);
    },
    [Symbol.asyncDispose]: () => denoiser[Symbol.asyncDispose](),
  };
}

/**
 * Opens a model of pixels that is told nothing but the noise; `Unconditional.open` is the way to it. It has
 * one prompt, which is none.
 *
 * @param parts The model.
 * @param options Size and signal of the run.
 * @returns The model, to be disposed of.
 * @throws {TypeError | RangeError} For a model of latents, or one that was not trained on timesteps.
 *
 * @example Latents have no way back to pixels here
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, openPixelModel } from "@shum/pipelines";
 *
 * const parts = {
 *   scheduler: { _class_name: "DDPMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 4,
 *   scaleFactor: 8,
 *   defaults: { steps: 1000, guidanceScale: 1, width: 32, height: 32 },
 * };
 * await assertRejects(() => openPixelModel(parts), TypeError, "RGB");
 * ```
 */
export async function openPixelModel(
  parts: PixelParts,
  options: Pick<RunOptions, "width" | "height" | "signal"> = {},
): Promise<OpenModel> {
  if (parts.channels !== 3 || parts.scaleFactor !== 1) {
    throw new TypeError(
      `Cannot open model by itself: its samples have ${parts.channels} channels and ` +
        `${parts.scaleFactor} pixels per cell; expected a model of RGB pixels`,
    );
  }
  const process = trainedProcess(parts.scheduler);
  const [, , height, width] = shapeOf(parts, options, 1);
  const [low, high] = parts.range ?? [-1, 1];
  const denoiser = await parts.denoiser.acquire();
  const shapeFor = (x: Float32Array) =>
    [x.length / (3 * height * width), 3, height, width] as const;
  const ask = askerOf(denoiser, shapeFor, [3, height, width], options.signal);
  const none: Condition = { inputs: {} };
  const toPixels = (x: Float32Array) => x.map((value) => 2 * (value - low) / (high - low) - 1);
  return {
    process,
    size: [3, height, width],
    scaleFactor: 1,
    latent: false,
    prompts: 1,
    predict: async (x, t) => (await ask(x, t, [none]))[0]!,
    predictEach: (x, t, prompts = [0]) => ask(x, t, prompts.map(() => none)),
    fromPixels: (pixels) =>
      Promise.resolve(pixels.map((value) => low + (high - low) * (value + 1) / 2)),
    toPixels: (x) => Promise.resolve(toPixels(x)),
    toImages: (x, seeds) => Promise.resolve(imagesOf(toPixels(x), shapeFor(x), seeds)),
    [Symbol.asyncDispose]: () => denoiser[Symbol.asyncDispose](),
  };
}

/** Pixels as images. */
function imagesOf(
  data: Float32Array,
  shape: readonly [number, number, number, number],
  seeds: readonly number[] = [],
): readonly Image[] {
  return Array.from({ length: shape[0] }, (_, i) => toImage({ data, shape }, i, seeds[i] ?? 0));
}

/** The network, under several conditions at once; variance channels are dropped. */
function askerOf(
  { value: denoiser }: Lease<Denoiser>,
  shapeFor: (x: Float32Array, ...size: readonly number[]) => readonly [
    number,
    number,
    number,
    number,
  ],
  size: readonly number[],
  signal: AbortSignal | undefined,
) {
  return async (x: Float32Array, t: number, conditions: readonly Condition[]) => {
    const shape = shapeFor(x, ...size);
    const outputs = await denoiser.predict(x, shape, t, conditions, { signal });
    if (!denoiser.learnedVariance) return outputs;
    return outputs.map((output) => splitVariance(output, shape).mean);
  };
}
