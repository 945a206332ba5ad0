/**
 * A model as functions, for samplers, bounds and classifiers that are no plan.
 *
 * @module
 */
import type { Branch, Progress } from "@shum/guidance";
import { type Condition, splitVariance } from "@shum/models";
import { type Gaussian, type TrainedProcess, trainedProcess } from "@shum/schedulers";
import { decode, fromPixels, toPixels } from "../run/_pixels.ts";
import type { Shape } from "../run/_shape.ts";
import { promptsOf } from "../run/_text_conditions.ts";
import { encodePrompts, optionalTextTask, readsText } from "../run/_text_task.ts";
import { planRun, type Run } from "../run/run.ts";
import type { Image } from "../pictures/image.ts";
import type { ModelParts } from "../model_parts.ts";
import type { RunOptions } from "../pipeline.ts";
import type { TextInput } from "../text_input.ts";

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
  readonly vaeScaleFactor: number;
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

/** Settings of {@linkcode openModel}: guidance, size, how prompts are read, signal. */
export type OpenOptions = Omit<
  RunOptions,
  "seed" | "seeds" | "images" | "sampler" | "schedule" | "steps" | "timesteps" | "sigmas"
>;

/** Prompts that share a call of the network. */
const AT_ONCE = 16;

/**
 * Opens a model; `TextToImage.open` and `Unconditional.open` are the ways to it. A model that reads no
 * prompts has one, which is none.
 *
 * @param parts The model.
 * @param input Prompts: `predict` answers for the first, `predictEach` for each.
 * @param options Guidance, size and signal.
 * @returns The model, to be disposed of.
 * @throws {TypeError | RangeError} When an input or option is not usable, or the model not trained on
 * timesteps.
 *
 * @example Prompts are needed
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, openModel } from "@shum/pipelines";
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
 * await assertRejects(() => openModel(parts, { prompt: [] }), TypeError, "0 prompts");
 * ```
 */
export async function openModel(
  parts: ModelParts,
  input: Partial<TextInput> = {},
  options: OpenOptions = {},
): Promise<OpenModel> {
  const process = trainedProcess(parts.scheduler);
  const { signal } = options;
  const { run, conditions } = await told(parts, input, options);
  const { guidance, shape: [, ...size] } = run;
  if (guidance.on !== "output" || guidance.renoise || guidance.gradient) {
    throw new TypeError(
      "Cannot open model by itself: the guidance changes how a plan is run; expected guidance of raw " +
        "outputs, such as classifierFree",
    );
  }
  const values = size.reduce((a, b) => a * b), factor = parts.vaeScaleFactor;
  const shapeOf = (x: Float32Array): Shape => [x.length / values, ...size];
  const [, rows, columns] = size;
  const area = 3 * rows * columns * factor ** 2;
  const pixelShape = (
    pixels: Float32Array,
  ): Shape => [pixels.length / area, 3, rows * factor, columns * factor];
  const lease = await parts.denoiser.acquire();
  const denoiser = lease.value;
  const ask = async (x: Float32Array, t: number, conditions: readonly Condition[]) => {
    const outputs: Float32Array[] = [], shape = shapeOf(x);
    for (let from = 0; from < conditions.length; from += AT_ONCE) {
      const some = conditions.slice(from, from + AT_ONCE);
      outputs.push(...await denoiser.predict(x, shape, t, some, { signal }));
    }
    if (!denoiser.learnedVariance) return outputs;
    return outputs.map((output) => splitVariance(output, shape).mean);
  };
  return {
    process,
    size,
    vaeScaleFactor: factor,
    latent: parts.decoder !== undefined,
    prompts: conditions.length,
    predict: async (x, t, progress) => {
      const own = conditions[0]!;
      const where = progress ?? { index: 0, total: 1, level: process.schedule.at(Math.round(t)) };
      const branches = guidance.branches(where);
      const outputs = await ask(x, t, branches.map((branch) => own[branch]!));
      const out = new Float32Array(x.length);
      const named = Object.fromEntries(branches.map((branch, k) => [branch, outputs[k]!]));
      guidance.start({ batch: x.length / values })(out, named, where);
      return out;
    },
    predictEach: (x, t, prompts = conditions.map((_, i) => i)) =>
      ask(x, t, prompts.map((i) => conditions[i]!.positive!)),
    fromPixels: (data, noise) =>
      fromPixels(parts, { data, shape: pixelShape(data) }, { noise, signal }),
    toPixels: async (x) => (await toPixels(parts, x, shapeOf(x), signal)).data,
    toImages: (x, seeds = []) => {
      const shape = shapeOf(x);
      return decode(parts, x, shape, Array.from({ length: shape[0] }, (_, i) => seeds[i] ?? 0));
    },
    [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
  };
}

/** What the network is told for each prompt, and how a run of the last would be guided. */
async function told(parts: ModelParts, input: Partial<TextInput>, options: OpenOptions) {
  const plan = (own: Partial<TextInput>) =>
    planRun(parts, { ...options, seed: 0 }, optionalTextTask(parts, own, options));
  const conditions: Readonly<Partial<Record<Branch, Condition>>>[] = [];
  if (!readsText(parts)) return { run: plan(input), conditions: [{ positive: { inputs: {} } }] };
  let run: Run | undefined;
  for (const [i, prompt] of promptsOf({ prompt: "", ...input }).entries()) {
    const negatives = input.negativePrompt;
    const negativePrompt = Array.isArray(negatives) ? negatives[i] ?? negatives[0] : negatives;
    const own = { ...input, prompt, negativePrompt };
    run = plan(own);
    const [group] = await encodePrompts(parts, own, options, run.plan);
    conditions.push(group!.conditions);
  }
  return { run: run!, conditions };
}
