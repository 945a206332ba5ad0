/**
 * What all pipelines of one model share.
 *
 * @module
 */
import type { Images } from "./pictures/image.ts";
import { Lazy } from "./lazy.ts";
import type { ModelParts } from "./model_parts.ts";
import { type Defaults, drain, type Pipeline, type Preview, type RunOptions } from "./pipeline.ts";
import { execute, planRun } from "./run/run.ts";
import type { RunPlan } from "./run/run_plan.ts";
import type { Task } from "./run/task.ts";

/**
 * A pipeline of one model: it says what a run does with its input (`task`), which is then planned, told
 * (`plan`) and run (`stream`). Several pipelines may share one model's parts.
 *
 * @example Samples that begin half way
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Lazy, type ModelParts, ModelPipeline, type Task } from "@shum/pipelines";
 *
 * class Late extends ModelPipeline<{ readonly strength: number }, ModelParts> {
 *   protected override task({ strength }: { readonly strength: number }): Task {
 *     return { begin: { strength } };
 *   }
 * }
 * await using late = new Late({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
 *   channels: 3,
 *   vaeScaleFactor: 1,
 *   defaults: { steps: 50, guidanceScale: 1, width: 32, height: 32 },
 * });
 * assertEquals(late.plan({ strength: 0.5 }).calls, 25);
 * ```
 */
export abstract class ModelPipeline<Input, Parts extends ModelParts> implements Pipeline<Input> {
  /** See `Pipeline.defaults`. */
  readonly defaults: Defaults;
  /** What the pipeline is made of. */
  protected readonly parts: Parts;

  /** Puts the parts together. Networks are opened by the first run. */
  constructor(parts: Parts) {
    this.parts = parts;
    this.defaults = parts.defaults;
  }

  /** What a run does with its input; throws if the input is not usable, and opens nothing. */
  protected abstract task(input: Input, options: RunOptions): Task;

  /** See `Pipeline.plan`. */
  plan(input: Input, options: RunOptions = {}): RunPlan {
    return planRun(this.parts, options, this.task(input, options)).plan;
  }

  /** See `Pipeline.generate`. */
  generate(input: Input, options: RunOptions = {}): Promise<Images> {
    return drain(this.stream(input, options));
  }

  /** See `Pipeline.stream`. */
  async *stream(input: Input, options: RunOptions = {}): AsyncGenerator<Preview, Images> {
    options.signal?.throwIfAborted();
    return yield* execute(planRun(this.parts, options, this.task(input, options)));
  }

  /** Closes the networks, those of the other tasks included. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of Object.values(this.parts)) {
      if (part instanceof Lazy) await part[Symbol.asyncDispose]();
    }
  }
}
