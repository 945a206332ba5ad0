/**
 * Pictures repaired: coloured, enlarged, completed, denoised.
 *
 * @module
 */
import { renoisingPlan } from "@shum/guidance";
import {
  compile,
  ddnm,
  type DdnmOptions,
  ddnmStrengths,
  gaussianNoise,
  Runner,
  samplerConfig,
  Scheduler,
  type SchedulerConfig,
} from "@shum/schedulers";
import { sizeFrom } from "./_encode_image.ts";
import { initialNoise, makeGenerator, seedsOf } from "./_noise.ts";
import { schedulerFor } from "./_sample.ts";
import { type Image, type Picture, toImage } from "./image.ts";
import type { Measurement } from "./measurement.ts";
import { ModelPipeline } from "./model_pipeline.ts";
import { type OpenModel, openPixelModel, openTextModel } from "./open_model.ts";
import type { Preview, RunOptions } from "./pipeline.ts";
import type { TextInput } from "./text_input.ts";
import type { TextParts } from "./text_parts.ts";
import type { PixelParts } from "./unconditional.ts";

/** What to repair, and how. */
export interface RestoreInput extends Partial<TextInput> {
  /** What is left of the picture: grey, small, with a hole, noisy. */
  readonly image: Picture;
  /** How it came to be so. */
  readonly measurement: Measurement;
  /** The deviation of its noise, in parts of the range from black to white; 0 by default. */
  readonly noise?: number | undefined;
  /** Time travel, for large holes; see `ddnm` of `@shum/schedulers`. */
  readonly travel?: DdnmOptions["travel"] | undefined;
}

/** Denoising steps, where nothing is said. */
const STEPS = 30;

/**
 * Repairs pictures with a model that was never trained to: DDNM, Wang et al. (2022),
 * https://arxiv.org/abs/2212.00490. After every model call the predicted picture keeps what is free and
 * takes the rest from what is given, `x0 + A⁺·(y - A·x0)`. In a latent model that is done in pixels,
 * between a decoding and an encoding, and once more at the end.
 *
 * The prompt may be left out. `eta` is the share of fresh noise, 0.85 by default; `sampler` is not asked for.
 *
 * @example A picture that cannot have been made so
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { blockMeasurement, Lazy, Restore } from "@shum/pipelines";
 *
 * const never = () => Promise.reject(new Error("opened"));
 * await using pipeline = new Restore({
 *   scheduler: { _class_name: "DDIMScheduler" },
 *   promptEncoder: new Lazy(never),
 *   denoiser: new Lazy(never),
 *   decoder: new Lazy(never),
 *   channels: 4,
 *   inChannels: 4,
 *   scaleFactor: 8,
 *   defaults: { steps: 20, guidanceScale: 7.5, width: 512, height: 512 },
 * });
 * const image = { width: 8, height: 8, data: new Uint8Array(192) };
 * const run = pipeline.generate({ image, measurement: blockMeasurement(4), noise: -1 });
 * await assertRejects(() => run, RangeError, "noise is -1");
 * ```
 */
export class Restore extends ModelPipeline<RestoreInput, TextParts | PixelParts> {
  /** Tells this pipeline from others. */
  readonly kind = "restore" as const;

  /** See `Pipeline.stream`; the size is that of the image, enlarged as the measurement says. */
  async *stream(
    input: RestoreInput,
    options: RunOptions = {},
  ): AsyncGenerator<Preview, readonly Image[]> {
    const { image, measurement, noise = 0 } = input;
    if (!(noise >= 0 && noise < 10)) {
      throw new RangeError(
        `Cannot repair picture: its noise is ${noise}; expected a share of the range from black to ` +
          `white, such as 0.1`,
      );
    }
    const { factor } = measurement;
    const multiple = this.parts.sizeMultiple ?? this.parts.scaleFactor;
    const sized = factor === 1
      ? sizeFrom(image, options, multiple)
      : { width: image.width * factor, height: image.height * factor, ...options };
    const seeds = seedsOf(options);
    await using model = await openFor(this.parts, input, sized);
    const images: Image[] = [];
    for (const seed of seeds.seeds) {
      images.push(yield* repair(model, this.parts.scheduler, input, options, seed));
    }
    return images;
  }
}

/** Opens the model of either kind; without a prompt nothing is guided. */
function openFor(
  parts: TextParts | PixelParts,
  { prompt, negativePrompt, also }: RestoreInput,
  options: RunOptions,
): Promise<OpenModel> {
  if ("promptEncoder" in parts) {
    const scale = prompt === undefined ? { guidanceScale: 1 } : {};
    const words = { prompt: prompt ?? "", negativePrompt, also };
    return openTextModel(parts, words, { ...scale, ...options });
  }
  if (prompt === undefined) return openPixelModel(parts, options);
  throw new TypeError("Cannot repair picture: the model reads no prompts; expected none");
}

/** Repairs one picture. */
async function* repair(
  model: OpenModel,
  scheduler: SchedulerConfig,
  { image, measurement, noise = 0, travel }: RestoreInput,
  options: RunOptions,
  seed: number,
): AsyncGenerator<Preview, Image> {
  const { signal } = options;
  const shape = [1, ...model.size] as const;
  const [width, height] = [model.size[2] * model.scaleFactor, model.size[1] * model.scaleFactor];
  const given = measurement.read(image, width, height);
  const project = (pixels: Float32Array, strength: number) => {
    const seen = measurement.seen(pixels, width, height);
    for (let i = 0; i < pixels.length; i++) pixels[i]! += strength * (given[i]! - seen[i]!);
    return pixels;
  };
  const generator = makeGenerator(options.rng ?? "torch", seed);
  const z = initialNoise(shape, [generator], options, { seeds: [seed] });
  const settings: DdnmOptions = {
    eta: options.eta ?? 0.85,
    noise: await noiseOfSamples(model, given, 2 * noise, seed),
    ...travel && { travel },
  };
  const config = samplerConfig("ddim", options.schedule, scheduler);
  const { eta: _eta, sampler: _sampler, schedule: _schedule, ...plain } = options;
  const timed = schedulerFor({ ...config, timestep_spacing: "trailing" }, plain, STEPS);
  const levels = [...timed.timesteps.map((_, i) => timed.noiseLevel(i)), clean];
  const { schedule, prediction } = model.process;
  const plan = compile(ddnm(settings), prediction, schedule, levels, { eps: "raw" });
  const strengths = ddnmStrengths(levels, settings);
  const { clip } = Scheduler.fromConfig(scheduler); // the model's own: for pixels, not for latents
  const first = levels[0]!;
  const runner = new Runner(
    renoisingPlan(plan),
    z.map((value) => Math.hypot(first.alpha, first.sigma) * value),
    gaussianNoise(generator),
  );
  const x0 = new Float32Array(z.length), output = new Float32Array(z.length);
  while (!runner.done) {
    signal?.throwIfAborted();
    const { index, total, level, x } = runner;
    const { cIn, cNoise, cSkip, cOut } = plan.steps[index]!;
    const raw = await model.predict(x.map((value) => cIn * value), cNoise, { index, total, level });
    for (let i = 0; i < x0.length; i++) x0[i] = cSkip * x[i]! + cOut * raw[i]!;
    clip?.(x0, 1);
    const pixels = project(await model.toPixels(x0), strengths[index]!);
    x0.set(await model.fromPixels(pixels));
    for (let i = 0; i < x0.length; i++) output[i] = (x0[i]! - cSkip * x[i]!) / cOut;
    runner.step(output, undefined, raw); // eps is the network's own
    yield {
      index,
      total,
      level,
      shape,
      x: runner.x,
      x0,
      decode: () => Promise.resolve([picture(pixels)]),
    };
  }
  signal?.throwIfAborted();
  const result = await model.toPixels(runner.x);
  return picture(noise === 0 ? project(result, 1) : result);

  function picture(data: Float32Array): Image {
    return toImage({ data, shape: [1, 3, height, width] }, 0, seed);
  }
}

const clean = { t: -1, alpha: 1, sigma: 0 };

/** How far noise in the pixels moves a sample: measured, for an encoder stretches it in its own way. */
async function noiseOfSamples(
  model: OpenModel,
  given: Float32Array,
  deviation: number,
  seed: number,
): Promise<number> {
  if (deviation === 0 || !model.latent) return deviation;
  const noise = new Float32Array(given.length);
  makeGenerator("torch", seed + 1).fill(noise);
  const moved = await model.fromPixels(given.map((value, i) => value + deviation * noise[i]!));
  const still = await model.fromPixels(given);
  let square = 0;
  for (let i = 0; i < moved.length; i++) square += (moved[i]! - still[i]!) ** 2;
  return Math.sqrt(square / moved.length);
}
