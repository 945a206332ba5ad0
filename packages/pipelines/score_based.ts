/**
 * Images by the score: Langevin dynamics, reverse SDE, predictor-corrector, probability flow.
 *
 * @module
 */
import { none } from "@shum/guidance";
import {
  continuousView,
  gaussianNoise,
  type ScoreMethod,
  scoreSampler,
  type ScoreSamplerOptions,
} from "@shum/schedulers";
import { initialNoise, makeGenerator, seedsOf } from "./_noise.ts";
import { withPreviews } from "./_sample.ts";
import { denoise } from "./denoise.ts";
import type { Image } from "./image.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import { openTextModel } from "./open_model.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import type { TextInput } from "./text_input.ts";
import type { TextParts } from "./text_parts.ts";

/** What to make an image of, and by which method. */
export interface ScoreInput
  extends TextInput, Omit<ScoreSamplerOptions, "noise" | "steps" | "batch"> {
  /** How; see `scoreSampler` of `@shum/schedulers`. */
  readonly method: ScoreMethod;
  /** In which scaling; `"vp"` by default. Langevin dynamics is always in `"ve"`. */
  readonly scaling?: "vp" | "ve" | undefined;
}

/**
 * Samples a model by its score, in the continuous view of its discrete schedule. Every image begins from
 * its seed's own noise, the same for each method; `steps` are model calls.
 *
 * @example A method that there is not
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Lazy, ScoreBased } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new ScoreBased({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   scaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * await assertRejects(() => pipeline.generate({ prompt: "a cat", method: "ode" }), Error, "opened");
 * ```
 */
export class ScoreBased extends ModelPipeline<ScoreInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "score-based" as const;

  /** See `Pipeline.stream`. Images are made one after the other: step sizes depend on norms. */
  async *stream(
    input: ScoreInput,
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    const { method, scaling = "vp", prompt: _p, negativePrompt: _n, also: _a, ...settings } = input;
    const { seeds } = seedsOf(options);
    const { sampler: _sampler, schedule: _schedule, steps, ...plain } = options;
    await using model = await openTextModel(this.parts, input, plain);
    const { schedule, prediction } = model.process;
    const sde = continuousView(schedule, scaling);
    const shape = [1, ...model.size] as const;
    const images: Image[] = [];
    for (const seed of seeds) {
      const generator = makeGenerator(options.rng ?? "torch", seed);
      const z = initialNoise(shape, [generator], options, { seeds: [seed] });
      const trajectory = scoreSampler(method, sde, prediction, z, {
        ...settings,
        ...steps !== undefined && { steps },
        noise: gaussianNoise(generator),
      });
      const decode = (x: Float32Array) => model.toImages(x, [seed]);
      const run = denoise({
        trajectory,
        batch: 1,
        guidance: none(),
        predict: async (x, t) => [await model.predict(x, t)],
        signal: options.signal,
      });
      images.push(...await decode(yield* withPreviews(run, shape, decode)));
    }
    options.signal?.throwIfAborted();
    return images;
  }
}
