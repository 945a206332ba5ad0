/**
 * Guidance by the gradient of a classifier.
 *
 * @module
 */
import type { NoiseLevel } from "@shum/schedulers";
import { type ClassifierGradient, type Guidance, none, type Scale } from "./guidance.ts";

/** Options of {@linkcode classifierGuidance}. */
export interface ClassifierGuidanceOptions {
  /**
   * Inverse temperature s: samples follow `p(x) p(y | x)^s`. Dhariwal & Nichol use 1.0 at 64 and 256
   * pixels, 0.5 at 128, 4.0 at 512, and 10 beside an unconditional network. Default 1.
   */
  readonly scale?: Scale | undefined;
  /** How the gradient enters, see {@linkcode ClassifierGradient}. Default `"ddim"`. */
  readonly form?: ClassifierGradient["form"] | undefined;
  /** Guidance of the denoiser itself. Default: {@linkcode none}. */
  readonly base?: Guidance | undefined;
}

/**
 * Classifier guidance, Dhariwal & Nichol (2021), https://arxiv.org/abs/2105.05233, algorithms 1 and 2:
 * the loop asks a second network for the gradient of log p(y | x_t) at what the denoiser is shown,
 * `cIn·x_t`, so that both may be trained together; times `cIn` it is `g = d log p(y | x_t) / d x_t`, and
 * the score is shifted by `s g`.
 *
 * @param options Scale, form, and the guidance of the denoiser itself.
 * @returns A guidance that asks for a gradient.
 *
 * @example It asks for a gradient beside the positive branch
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifierGuidance } from "@shum/guidance";
 *
 * assertEquals(classifierGuidance({ scale: 10 }).gradient, { scale: 10, form: "ddim" });
 * ```
 */
export function classifierGuidance(
  { scale = 1, form = "ddim", base = none() }: ClassifierGuidanceOptions = {},
): Guidance {
  return {
    ...base,
    gradient: { scale, form },
    branches: (progress) => base.branches(progress),
    start: (run) => base.start(run),
  };
}

/**
 * Shifts a raw output as though the predicted noise were `eps - sigma s g` (algorithm 2), whatever the
 * network predicts: `x0` moves by `sigma^2 / alpha s g`, and `x0 = cSkip x + cOut output`.
 *
 * @param output The network's raw output, changed in place.
 * @param gradient d log p(y | x_t) / d x_t, of the same shape.
 * @param scale Inverse temperature s.
 * @param level Noise level of x_t. Where alpha is 0 the sample says nothing of y, and nothing happens.
 * @param cOut The preconditioning's factor of the output.
 *
 * @example Noise prediction
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { shiftOutput } from "@shum/guidance";
 *
 * const level = { t: 500, alpha: 0.6, sigma: 0.8 };
 * const eps = Float32Array.of(1);
 * shiftOutput(eps, Float32Array.of(0.5), 2, level, -level.sigma / level.alpha);
 * assertAlmostEquals(eps[0]!, 1 - 0.8 * 2 * 0.5, 1e-7);
 * ```
 */
export function shiftOutput(
  output: Float32Array,
  gradient: Float32Array,
  scale: number,
  level: NoiseLevel,
  cOut: number,
): void {
  if (level.alpha === 0) return;
  const factor = level.sigma ** 2 * scale / (level.alpha * cOut);
  for (let i = 0; i < output.length; i++) output[i]! += factor * gradient[i]!;
}

/**
 * Shifts the next sample by `s Sigma g` (algorithm 1), with Sigma the variance of the noise that the
 * step added.
 *
 * @param x The next sample, changed in place.
 * @param gradient d log p(y | x_t) / d x_t at the sample before the step.
 * @param scale Inverse temperature s.
 * @param noise Standard deviation of the step's noise.
 *
 * @example A step with noise 0.1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { shiftMean } from "@shum/guidance";
 *
 * const x = Float32Array.of(1);
 * shiftMean(x, Float32Array.of(0.5), 2, 0.1);
 * assertAlmostEquals(x[0]!, 1.01, 1e-7);
 * ```
 */
export function shiftMean(
  x: Float32Array,
  gradient: Float32Array,
  scale: number,
  noise: number,
): void {
  const factor = scale * noise ** 2;
  for (let i = 0; i < x.length; i++) x[i]! += factor * gradient[i]!;
}
