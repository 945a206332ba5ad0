/**
 * Guidance by a network whose attention is disturbed.
 *
 * @module
 */
import { weightedSum } from "@shum/schedulers";
import { checkScale, copy } from "./_combine.ts";
import { type Branch, type Guidance, type Progress, type Scale, scaleAt } from "./guidance.ts";

/** Options of {@linkcode perturbedAttention}. */
export interface PerturbedAttentionOptions {
  /** Scale g of classifier-free guidance beside it; 1 leaves it out. Default 7.5. */
  readonly scale?: Scale | undefined;
  /** The paper's s. Default 3. */
  readonly perturbedScale?: Scale | undefined;
  /**
   * Where the perturbed branch acts, as fractions of the run, both ends excluded after rounding down to
   * steps (what diffusers calls `perturbed_guidance_start` and `_stop`). Default: everywhere.
   */
  readonly interval?: readonly [from: number, to: number] | undefined;
}

/**
 * Perturbed-attention guidance, Ahn et al. (2024), https://arxiv.org/abs/2403.17377, eq. 16, together
 * with classifier-free guidance: `p = u + g (c - u) + s (c - q)`, where `q` is the positive prediction
 * of a network whose chosen self-attention maps are the identity. Smoothed-energy and skip-layer
 * guidance are the same sum with a `q` disturbed in another way. The disturbance itself lies in the
 * exported graph that serves the `perturbed` branch.
 *
 * @param options The scales and where they act.
 * @returns A guidance with the branches `positive`, `negative` and `perturbed`.
 * @throws {RangeError} if a scale is not finite or the interval is not within 0..1.
 *
 * @example Without classifier-free guidance
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { perturbedAttention } from "@shum/guidance";
 *
 * const combine = perturbedAttention({ scale: 1, perturbedScale: 3 }).start({ batch: 1 });
 * const out = new Float32Array(1);
 * const progress = { index: 0, total: 1, level: { t: 999, alpha: 0.1, sigma: 1 } };
 * combine(out, { positive: Float32Array.of(2), perturbed: Float32Array.of(1) }, progress);
 * assertEquals(out[0], 5);
 * ```
 */
export function perturbedAttention(
  { scale = 7.5, perturbedScale = 3, interval }: PerturbedAttentionOptions = {},
): Guidance {
  checkScale(scale, "scale");
  checkScale(perturbedScale, "perturbedScale");
  if (interval && !(interval[0] >= 0 && interval[0] < interval[1] && interval[1] <= 1)) {
    throw new RangeError(
      `Cannot perturb attention: the interval is [${interval[0]}, ${interval[1]}]; ` +
        `expected 0 <= from < to <= 1`,
    );
  }
  const isPerturbed = (progress: Progress): boolean => {
    if (scaleAt(perturbedScale, progress) === 0) return false;
    if (!interval) return true;
    const { index, total } = progress;
    return Math.trunc(interval[0] * total) < index && index < Math.trunc(interval[1] * total);
  };
  return {
    on: "output",
    branches(progress) {
      const branches: Branch[] = ["positive"];
      if (scaleAt(scale, progress) !== 1) branches.push("negative");
      if (isPerturbed(progress)) branches.push("perturbed");
      return branches;
    },
    start: () => (out, { positive: c, negative: u, perturbed: q }, progress) => {
      const g = u ? scaleAt(scale, progress) : 1;
      const s = q ? scaleAt(perturbedScale, progress) : 0;
      if (u && q) return weightedSum(out, [g + s, 1 - g, -s], [c!, u, q]);
      if (u) return weightedSum(out, [g, 1 - g], [c!, u]);
      if (q) return weightedSum(out, [1 + s, -s], [c!, q]);
      copy(out, c!);
    },
  };
}

/**
 * The adaptive scale of perturbed-attention guidance: `max(0, s - a (1000 - t))`, which fades the
 * perturbed branch out as the timestep falls (`pag_adaptive_scale` in diffusers).
 *
 * @param scale The scale s at timestep 1000.
 * @param decay The paper's a: how much it falls per timestep.
 * @returns A scale that depends on the level's timestep.
 *
 * @example Half-way down
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { adaptivePerturbedScale, scaleAt } from "@shum/guidance";
 *
 * const scale = adaptivePerturbedScale(3, 0.004);
 * assertEquals(scaleAt(scale, { index: 5, total: 10, level: { t: 500, alpha: 1, sigma: 1 } }), 1);
 * ```
 */
export function adaptivePerturbedScale(scale: number, decay: number): Scale {
  return ({ level }) => Math.max(0, scale - decay * (1000 - level.t));
}
