/**
 * Images by the score: Langevin dynamics, reverse SDE, predictor-corrector, probability flow.
 *
 * @module
 */
import {
  continuousProcess,
  type ScoreMethod,
  scorePlan,
  scoreSampler,
  type ScoreSamplerOptions,
} from "@shum/schedulers";
import { runNoise } from "../run/_noise.ts";
import { optionalTextTask } from "../run/_text_task.ts";
import type { ModelParts } from "../model_parts.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import type { Sampler } from "../run/sampler.ts";
import type { Task } from "../run/task.ts";
import type { TextInput } from "../text_input.ts";
import type { TextParts } from "../text_parts.ts";

/** What to make an image of, and by which method. */
export interface ScoreInput
  extends Partial<TextInput>, Omit<ScoreSamplerOptions, "noise" | "steps" | "batch"> {
  /** How; see `scoreSampler` of `@shum/schedulers`. */
  readonly method: ScoreMethod;
  /** In which scaling; `"vp"` by default. Langevin dynamics and score models are always in their own. */
  readonly scaling?: "vp" | "ve" | undefined;
}

/**
 * Samples a model by its score, in continuous time: that of a score model, or the view of a discrete
 * schedule, see `continuousProcess`. Every image begins from
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
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * await assertRejects(() => pipeline.generate({ prompt: "a cat", method: "ode" }), Error, "opened");
 * ```
 */
export class ScoreBased extends ModelPipeline<ScoreInput, ModelParts | TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "score-based" as const;

  /** The prompts, and a sampler of the score. */
  protected override task(input: ScoreInput, options: RunOptions): Task {
    return {
      ...optionalTextTask(this.parts, input, options),
      sampler: scoreBased(this.parts, input, options),
    };
  }
}

function scoreBased(parts: ModelParts, input: ScoreInput, options: RunOptions): Sampler {
  for (const key of ["sampler", "schedule", "eta", "timesteps", "sigmas"] as const) {
    if (options[key] === undefined) continue;
    throw new TypeError(
      `Cannot sample by the score: ${key} is given, but method "${input.method}" has levels of its ` +
        `own; expected steps only`,
    );
  }
  const { method, scaling, prompt: _p, negativePrompt: _n, composed: _c, ...rest } = input;
  const config = options.scheduler ?? parts.scheduler;
  const { sde, prediction } = continuousProcess(config, scaling);
  const settings = { ...rest, ...options.steps !== undefined && { steps: options.steps } };
  const planned = scorePlan(method, sde, prediction, settings);
  if (planned) {
    const { plan } = planned;
    return {
      ...planned,
      config,
      levels: plan.steps.map(({ level }) => level) as unknown as Sampler["levels"],
      calls: plan.steps.length,
      oneByOne: false,
      start: (x, generators, seeds) => ({ plan, x, noise: runNoise(plan, generators, seeds) }),
    };
  }
  const begin = (z: Float32Array, noise: ScoreSamplerOptions["noise"]) =>
    scoreSampler(method, sde, prediction, z, { ...settings, noise });
  const { level, total } = begin(new Float32Array(1), () => {});
  return {
    config,
    levels: [level],
    calls: total,
    initNoiseSigma: sde.prior,
    oneByOne: true, // step sizes depend on norms
    start: (x, generators, seeds) => {
      const noise = runNoise({ steps: [], eps: "raw" }, generators, seeds);
      return { trajectory: begin(x.map((value) => value / sde.prior), noise) };
    },
  };
}
