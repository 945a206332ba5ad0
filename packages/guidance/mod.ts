/**
 * Guidance: how several predictions of a diffusion network become one.
 *
 * Each method is a function of its options that returns a {@linkcode Guidance}; methods that modify
 * others ({@linkcode rescale}, {@linkcode limitedInterval}, {@linkcode classifierGuidance}) wrap them.
 *
 * @example Classifier-free guidance, rescaled, in the middle of the run only
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classifierFree, limitedInterval, rescale } from "@shum/guidance";
 *
 * const guidance = limitedInterval(rescale(classifierFree({ scale: 7.5 }), { phi: 0.7 }), [0.2, 0.8]);
 * const level = { t: 999, alpha: 0.1, sigma: 1 };
 * assertEquals(guidance.branches({ index: 0, total: 10, level }), ["positive"]);
 * assertEquals(guidance.branches({ index: 5, total: 10, level }), ["positive", "negative"]);
 * ```
 *
 * @module
 */
export * from "./guidance.ts";
export * from "./classifier_free.ts";
export * from "./composable.ts";
export * from "./rescale.ts";
export * from "./limited_interval.ts";
export * from "./cfg_plus_plus.ts";
export * from "./adaptive_projected.ts";
export * from "./cfg_zero_star.ts";
export * from "./autoguidance.ts";
export * from "./perturbed_attention.ts";
export * from "./scale_schedules.ts";
export * from "./classifier.ts";
