/**
 * The noise of a run: every image of a batch has its own generator, so an image depends on its seed
 * and not on its batch.
 *
 * @module
 */
import {
  brownianNoise,
  type Gaussian,
  type Noise,
  type NoiseLevel,
  numpyRandom,
  philoxRandom,
  type Plan,
  torchRandom,
} from "@shum/schedulers";
import type { Rng, RunOptions } from "../pipeline.ts";
import { slerp } from "./slerp.ts";

/** The seeds of a run, checked. */
export interface Seeds {
  /** One per image. */
  readonly seeds: readonly number[];
  /** One per image; absent unless noise is mixed in. */
  readonly variations?: readonly number[];
}

const generators: Readonly<Record<Rng, (seed: number) => Gaussian>> = {
  torch: torchRandom,
  nv: philoxRandom,
  numpy: numpyRandom,
};

/**
 * A generator of N(0, I) by its name.
 *
 * @param rng Whose numbers to draw.
 * @param seed A whole number from 0.
 * @returns The generator at the start of its stream.
 * @throws {RangeError} When the name is unknown.
 */
export function makeGenerator(rng: Rng, seed: number): Gaussian {
  const make = generators[rng];
  if (!make) {
    throw new RangeError(
      `Cannot draw noise: rng is ${JSON.stringify(rng)}; expected "torch", "nv" or "numpy"`,
    );
  }
  return make(seed);
}

function checkSeed(value: number | bigint, name: string): void {
  if (typeof value !== "number" && typeof value !== "bigint") {
    throw new TypeError(`Cannot draw noise: ${name} is a ${typeof value}; expected a number`);
  }
  if (Number.isSafeInteger(value) && value >= 0) return;
  const whole = typeof value === "bigint" || Number.isSafeInteger(value);
  const error = typeof value === "bigint" ? TypeError : RangeError;
  throw new error(
    `Cannot draw noise: ${name} is ${value}${typeof value === "bigint" ? "n, a bigint" : ""}; ` +
      `expected a whole number from 0 to 2^53 - 1` +
      (whole
        ? `. torch on the CPU, which reads the low 32 bits, draws the same for ${
          BigInt.asUintN(32, BigInt(value))
        }.`
        : ""),
  );
}

/**
 * The seeds of a run's images.
 *
 * @param options What the caller said; `seed` is drawn at random when absent.
 * @param prompts How many prompts there are.
 * @returns The seed of each image, and of the noise mixed into it.
 * @throws {TypeError} When a seed is not a number.
 * @throws {RangeError} When a seed is negative or not whole, or counts contradict each other.
 */
export function seedsOf(options: RunOptions, prompts = 1): Seeds {
  const { seeds: given, variationSeed, variationStrength = 0 } = options;
  const images = options.images ?? given?.length ?? prompts;
  if (!Number.isInteger(images) || images < 1) {
    throw new RangeError(`Cannot make images: images is ${images}; expected a whole number from 1`);
  }
  if (prompts !== 1 && prompts !== images) {
    throw new RangeError(
      `Cannot make images: there are ${prompts} prompts for ${images} images; expected one prompt, ` +
        `or one per image`,
    );
  }
  if (given && given.length !== images) {
    throw new RangeError(
      `Cannot make images: there are ${given.length} seeds for ${images} images; expected one each`,
    );
  }
  if (!(variationStrength >= 0 && variationStrength <= 1)) {
    throw new RangeError(
      `Cannot vary image: variationStrength is ${variationStrength}; expected 0 to 1`,
    );
  }
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  checkSeed(seed, "seed");
  // As A1111 does: the images of a run vary by their variation seeds, if there are any.
  const step = variationStrength > 0 ? 0 : 1;
  const seeds = given ?? Array.from({ length: images }, (_, i) => seed + step * i);
  seeds.forEach((value, i) => checkSeed(value, given ? `seeds[${i}]` : "seed"));
  if (variationStrength === 0) return { seeds };
  const first = variationSeed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  checkSeed(first, "variationSeed");
  return { seeds, variations: seeds.map((_, i) => first + i) };
}

/**
 * Throws unless the latents that the caller brings, if any, suit a shape.
 *
 * @param shape `[images, channels, height, width]`.
 * @param options What the caller said.
 * @throws {RangeError} When `latents` has another length than the shape.
 */
export function checkLatents(
  shape: readonly [batch: number, channels: number, height: number, width: number],
  { latents }: Pick<RunOptions, "latents">,
): void {
  const expected = shape.reduce((product, size) => product * size);
  if (latents && latents.length !== expected) {
    throw new RangeError(
      `Cannot start from latents: there are ${latents.length} values; expected ${expected} for ` +
        `shape [${shape.join(", ")}]`,
    );
  }
}

/**
 * The initial noise of a run, N(0, I): one draw per image from its own generator, with the variation
 * mixed in where there is one.
 *
 * @param shape `[images, channels, height, width]`.
 * @param from One generator per image, which this advances.
 * @param options Variations, and `latents` if the caller brings the noise.
 * @param seeds The run's seeds.
 * @returns A new tensor.
 * @throws {RangeError} When `latents` has another length than the shape.
 */
export function initialNoise(
  shape: readonly [batch: number, channels: number, height: number, width: number],
  from: readonly Gaussian[],
  options: Pick<RunOptions, "latents" | "variationStrength" | "rng">,
  { variations }: Seeds,
): Float32Array {
  const [batch, channels, height, width] = shape;
  const size = channels * height * width;
  checkLatents(shape, options);
  if (options.latents) return Float32Array.from(options.latents);
  const out = new Float32Array(batch * size);
  for (let b = 0; b < batch; b++) {
    const own = out.subarray(b * size, (b + 1) * size);
    from[b]!.fill(own);
    if (!variations) continue;
    const other = new Float32Array(size);
    makeGenerator(options.rng ?? "torch", variations[b]!).fill(other);
    own.set(slerp(own, other, options.variationStrength ?? 0, [channels, height, width]));
  }
  return out;
}

/**
 * The first samples of a run from noise alone: noise of the deviation that the sampler starts from.
 *
 * @param noise N(0, I).
 * @param run The sampler's deviation.
 * @returns New samples.
 */
export function fromNoise(
  noise: Float32Array,
  { initNoiseSigma }: { readonly initNoiseSigma: number },
): Float32Array {
  return noise.map((value) => value * initNoiseSigma);
}

/**
 * Clean samples with noise, `alpha·x0 + sigma·z`: the forward process.
 *
 * @param x0 The clean samples.
 * @param z N(0, I), of the same length.
 * @param level How much of each.
 * @returns New samples.
 */
export function addNoise(
  x0: Float32Array,
  z: Float32Array,
  { alpha, sigma }: Pick<NoiseLevel, "alpha" | "sigma">,
): Float32Array {
  return x0.map((value, i) => alpha * value + sigma * z[i]!);
}

/** Whether two draws share a part of a Brownian path, so that they must agree on it. */
function overlaps(plan: Plan): boolean {
  let reached = -Infinity;
  return plan.steps.some(({ x: { interval } }) => {
    if (!interval) return false;
    const shared = interval[0] < reached;
    reached = Math.max(reached, interval[1]);
    return shared;
  });
}

/**
 * The noise that a plan draws: each image's part from that image's own source. Plans whose draws span
 * intervals that overlap (DPM++ SDE) get a Brownian path per image, others continue the image's
 * generator, as diffusers does.
 *
 * @param plan The compiled plan.
 * @param from One generator per image.
 * @param seeds One seed per image, for the paths.
 * @returns A source for `Runner`.
 */
export function runNoise(
  plan: Plan,
  from: readonly Gaussian[],
  seeds: readonly number[],
): Noise {
  const sources: readonly Noise[] = overlaps(plan)
    ? seeds.map((seed) => brownianNoise(seed))
    : from.map((generator): Noise => (out) => generator.fill(out));
  return (out, interval) => {
    const size = out.length / sources.length;
    for (let b = 0; b < sources.length; b++) {
      sources[b]!(out.subarray(b * size, (b + 1) * size), interval);
    }
  };
}
