/**
 * What the methods of this package share.
 *
 * @module
 */
import { weightedSum } from "@shum/schedulers";
import type { Branch, Scale } from "./_types.ts";

/** The branches of a step without guidance. */
export const positiveOnly: readonly Branch[] = ["positive"];

/** The branches of classifier-free guidance. */
export const positiveAndNegative: readonly Branch[] = ["positive", "negative"];

/**
 * Throws unless a scale is a finite number or a function.
 *
 * @param scale The value to check.
 * @param name How the option is called in the message.
 * @throws {TypeError} if `scale` is neither a number nor a function.
 * @throws {RangeError} if `scale` is not finite.
 */
export function checkScale(scale: Scale, name: string): void {
  if (typeof scale === "function") return;
  if (typeof scale !== "number") {
    throw new TypeError(
      `Cannot guide: ${name} is a ${typeof scale}; expected a number or a function of progress`,
    );
  }
  if (!Number.isFinite(scale)) {
    throw new RangeError(`Cannot guide: ${name} is ${scale}; expected a finite number`);
  }
}

/**
 * `out <- from`, unless they are one buffer.
 *
 * @param out Where to copy to.
 * @param from What to copy.
 */
export function copy(out: Float32Array, from: Float32Array): void {
  if (out !== from) out.set(from);
}

/**
 * `out <- base + scale (positive - base)`, the extrapolation behind every method here.
 *
 * @param out Where the sum goes.
 * @param scale 1 gives `positive`, 0 gives `base`.
 * @param positive The wanted prediction.
 * @param base The prediction to move away from.
 */
export function extrapolate(
  out: Float32Array,
  scale: number,
  positive: Float32Array,
  base: Float32Array,
): void {
  weightedSum(out, [scale, 1 - scale], [positive, base]);
}
