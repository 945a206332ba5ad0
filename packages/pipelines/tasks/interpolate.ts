/**
 * Images between two prompts and two seeds.
 *
 * @module
 */
import { batchConditions, type Condition, type Prompt, type Tensor } from "@shum/models";
import { fromNoise, initialNoise, makeGenerator, seedsOf } from "../run/_noise.ts";
import { encodePrompts, textTask } from "../run/_text_task.ts";
import { ModelPipeline } from "../model_pipeline.ts";
import type { RunOptions } from "../pipeline.ts";
import { slerp } from "../run/slerp.ts";
import type { Batch, ConditionGroup, Task } from "../run/task.ts";
import type { TextParts } from "../text_parts.ts";

/** What to go from and to. */
export interface InterpolateInput {
  /** The prompts of the first and of the last image; one for all is allowed. */
  readonly prompt: Prompt | readonly [from: Prompt, to: Prompt];
  /** What is not wanted in any of them. */
  readonly negativePrompt?: Prompt | undefined;
  /** How many images, the first and the last included; at least 2. */
  readonly frames: number;
}

/**
 * A row of images that changes from one prompt and seed to another: the noise turns along the sphere
 * (`slerp`), the encoded prompts along a line. `seeds` of the options are the first and the last image's;
 * one `seed` keeps the noise. The sampler's own noise is that of the first seed throughout.
 *
 * @example One frame is no row
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { Interpolate, Lazy } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new Interpolate({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   vaeScaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const run = pipeline.generate({ prompt: ["a cat", "a dog"], frames: 1 });
 * await assertRejects(() => run, RangeError, "frames is 1");
 * ```
 */
export class Interpolate extends ModelPipeline<InterpolateInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "interpolate" as const;

  /** One image after the other, each with noise and prompt of its own. */
  protected override task(
    { prompt, negativePrompt, frames }: InterpolateInput,
    options: RunOptions,
  ): Task {
    if (!Number.isInteger(frames) || frames < 2) {
      throw new RangeError(
        `Cannot interpolate: frames is ${frames}; expected a whole number from 2`,
      );
    }
    if (options.latents) {
      throw new TypeError(
        "Cannot interpolate: latents are given, but the noise of a row is that of its seeds; expected " +
          "seeds only",
      );
    }
    const { parts } = this;
    const ends = (Array.isArray(prompt) ? prompt : [prompt, prompt]) as [Prompt, Prompt];
    const { seeds, seed, ...rest } = options;
    const own = seeds ?? (seed === undefined ? undefined : [seed, seed]);
    const drawn = seedsOf({ ...rest, ...own && { seeds: own } }, 2).seeds;
    const [first, last] = (own ? drawn : [drawn[0], drawn[0]]) as [number, number];
    const input = { prompt: ends, negativePrompt };
    let encoded: ConditionGroup["conditions"] = {};
    let noise: readonly [from: Float32Array, to: Float32Array] | undefined;
    return {
      ...textTask(parts, input, rest),
      seeds: new Array<number>(frames).fill(first),
      oneByOne: true,
      encode: async (plan) => {
        const groups = await encodePrompts(parts, input, rest, plan, true);
        encoded = groups[0]!.conditions;
        return groups;
      },
      start: (batch) => {
        const t = batch.index / (frames - 1);
        const [a, b] = noise ??= [noiseOf(batch, first, rest), noiseOf(batch, last, rest)];
        batch.generators[0]!.fill(new Float32Array(a.length)); // its part of the initial noise
        const positive = mix(encoded.positive!, t);
        return {
          x: fromNoise(slerp(a, b, t), batch),
          groups: [{ conditions: { ...encoded, positive } }],
        };
      },
    };
  }
}

/** The initial noise of a seed. */
function noiseOf({ shape }: Batch, seed: number, { rng = "torch" }: RunOptions): Float32Array {
  return initialNoise(shape, [makeGenerator(rng, seed)], {}, { seeds: [seed] });
}

/** Of a condition of two rows, one row between them; what both share stays as it is. */
function mix({ inputs }: Condition, t: number): Condition {
  const mixed = Object.entries(inputs).map(([name, tensor]): [string, Tensor] => {
    const { data, shape } = tensor;
    if (shape[0] !== 2 || !(data instanceof Float32Array)) return [name, tensor];
    const size = data.length / 2;
    const row = Float32Array.from(
      { length: size },
      (_, i) => (1 - t) * data[i]! + t * data[size + i]!,
    );
    return [name, { data: row, shape: [1, ...shape.slice(1)] }];
  });
  return batchConditions([{ inputs: Object.fromEntries(mixed) }]);
}
