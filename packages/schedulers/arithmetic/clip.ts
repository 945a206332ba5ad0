import { clamp } from "./_clamp.ts";

/**
 * Bounds the predicted clean samples, in place: the one non-linear operation of a run. `batch`
 * samples lie in `x0` one after the other.
 */
export interface Clip {
  (x0: Float32Array, batch: number): void;
  /** Whether each element is bounded by itself, so that a run may hand in `x0` piece by piece. */
  readonly pointwise?: boolean;
}

/**
 * Clamps to `[-range, range]`: for models of pixels, whose data is bounded.
 *
 * Ho et al. (2020), https://arxiv.org/abs/2006.11239, their code.
 *
 * @param options The bound, 1 by default.
 * @returns A clip that bounds each element by itself.
 *
 * @example Pixels from -1 to 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clipSample } from "@shum/schedulers";
 * const x0 = Float32Array.of(-3, 0.5, 2);
 * clipSample({ range: 1 })(x0, 1);
 * assertEquals([...x0], [-1, 0.5, 1]);
 * ```
 */
export function clipSample({ range = 1 }: { range?: number | undefined } = {}): Clip {
  const clip: Clip = (x0) => clamp(x0, -range, range);
  return Object.assign(clip, { pointwise: true });
}

/**
 * Clamps each sample to a quantile of its magnitudes, but not below 1, and divides by that.
 *
 * Saharia et al. (2022), https://arxiv.org/abs/2205.11487, section 2.3. `max` bounds the quantile;
 * a `max` below 1 wins over the 1, as in diffusers. Not for latents.
 *
 * @param options Which quantile, 0.995 by default, and the most that it may be, 1 by default.
 * @returns A clip that looks at whole samples.
 *
 * @example The largest magnitude, at most 4
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dynamicThreshold } from "@shum/schedulers";
 * const x0 = Float32Array.of(-4, 1, 2, 8);
 * dynamicThreshold({ ratio: 1, max: 4 })(x0, 1);
 * assertEquals([...x0], [-1, 0.25, 0.5, 1]);
 * ```
 */
export function dynamicThreshold(
  { ratio = 0.995, max = 1 }: { ratio?: number | undefined; max?: number | undefined } = {},
): Clip {
  let sorted = new Float32Array(0);
  return (x0, batch) => {
    const size = x0.length / batch;
    if (sorted.length !== size) sorted = new Float32Array(size);
    for (let start = 0; start < x0.length; start += size) {
      for (let i = 0; i < size; i++) sorted[i] = Math.abs(x0[start + i]!);
      sorted.sort();
      const position = ratio * (size - 1);
      const low = Math.floor(position);
      const from = sorted[low]!;
      const quantile = from + (position - low) * ((sorted[low + 1] ?? from) - from);
      const s = Math.min(Math.max(quantile, 1), max);
      for (let i = start; i < start + size; i++) {
        x0[i] = Math.min(Math.max(x0[i]!, -s), s) / s;
      }
    }
  };
}
