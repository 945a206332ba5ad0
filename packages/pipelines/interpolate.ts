/**
 * Images between two prompts and two seeds.
 *
 * @module
 */
import { batchConditions, type Condition, type Prompt, type Tensor } from "@shum/models";
import { initialNoise, makeGenerator } from "./_noise.ts";
import type { ConditionGroup } from "./_predictor.ts";
import { encodeRun, planTextRun, runText } from "./_text_run.ts";
import type { Image } from "./image.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import { slerp } from "./slerp.ts";
import type { TextParts } from "./text_parts.ts";

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
 *   scaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const run = pipeline.generate({ prompt: ["a cat", "a dog"], frames: 1 });
 * await assertRejects(() => run, RangeError, "frames is 1");
 * ```
 */
export class Interpolate extends ModelPipeline<InterpolateInput, TextParts> {
  /** Tells this pipeline from others. */
  readonly kind = "interpolate" as const;

  /** See `Pipeline.stream`; the previews are those of one image after the other. */
  async *stream(
    { prompt, negativePrompt, frames }: InterpolateInput,
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    if (!Number.isInteger(frames) || frames < 2) {
      throw new RangeError(
        `Cannot interpolate: frames is ${frames}; expected a whole number from 2`,
      );
    }
    const parts = this.parts;
    const ends = (Array.isArray(prompt) ? prompt : [prompt, prompt]) as [Prompt, Prompt];
    const { seeds, seed, ...rest } = options;
    const own = seeds ?? (seed === undefined ? undefined : [seed, seed]);
    const input = { prompt: ends, negativePrompt };
    const both = planTextRun(parts, input, { ...rest, ...own && { seeds: own } });
    const [first, last] = both.seeds.seeds as [number, number];
    const [a, b] = [first, own ? last : first].map((seed) => {
      const from = makeGenerator(rest.rng ?? "torch", seed);
      const [, ...one] = both.shape;
      return initialNoise([1, ...one], [from], {}, { seeds: [seed] });
    }) as [Float32Array, Float32Array];
    const [{ conditions }] = await encodeRun(parts, input, rest, both, true) as [ConditionGroup];
    const { positive, ...others } = conditions;

    const images: Image[] = [];
    for (let frame = 0; frame < frames; frame++) {
      const t = frame / (frames - 1);
      const frameOptions = { ...rest, seed: first, images: 1 };
      const run = planTextRun(parts, { prompt: ends[0] }, frameOptions);
      run.generators[0]!.fill(new Float32Array(a.length)); // its part of the initial noise
      const x = slerp(a, b, t);
      for (let i = 0; i < x.length; i++) x[i]! *= run.scheduler.initNoiseSigma;
      const encoded = [{ conditions: { ...others, positive: mix(positive!, t) } }];
      const start = () => ({ x });
      const made = yield* runText(parts, input, frameOptions, run, start, encoded);
      images.push(...made);
    }
    return images;
  }
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
