/**
 * CFG++: the guided clean sample, noised again by the unguided noise.
 *
 * @module
 */
import {
  type NoiseLevel,
  parseSlot,
  type Plan,
  type Slot,
  slotOf,
  type Terms,
} from "@shum/schedulers";
import { checkScale, copy, extrapolate, positiveAndNegative } from "./_combine.ts";
import { type Guidance, type Scale, scaleAt } from "./guidance.ts";

/** Options of {@linkcode cfgPlusPlus}. */
export interface CfgPlusPlusOptions {
  /** The paper's lambda, from 0 to 1; 0.6 resembles a scale of 7.5 of ordinary guidance. */
  readonly scale?: Scale | undefined;
}

/**
 * CFG++, Chung et al. (2024), https://arxiv.org/abs/2406.08070, algorithm 2: x0 is taken from
 * `u + lambda (c - u)`, an interpolation, while the noise that carries the sample to the next level is
 * that of `u`. The path stays on the data manifold, and DDIM with it can be inverted.
 *
 * `renoise` tells the loop to take the noise from the negative branch. A plan must then reach the next
 * level through x0 and noise rather than through the old sample: see {@linkcode renoisingPlan}.
 *
 * @param options The scale lambda.
 * @returns A guidance with the branches `positive` and `negative`.
 * @throws {RangeError} if a constant scale lies outside 0..1.
 *
 * @example x0 and noise from different predictions
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cfgPlusPlus } from "@shum/guidance";
 *
 * assertEquals(cfgPlusPlus({ scale: 0.6 }).renoise, "negative");
 * ```
 */
export function cfgPlusPlus({ scale = 0.6 }: CfgPlusPlusOptions = {}): Guidance {
  checkScale(scale, "scale");
  if (typeof scale === "number" && (scale < 0 || scale > 1)) {
    throw new RangeError(
      `Cannot guide by CFG++: scale is ${scale}; expected 0 to 1 (0.6 resembles a scale of 7.5)`,
    );
  }
  return {
    on: "output",
    renoise: "negative",
    branches: () => positiveAndNegative,
    start: () => (out, { positive, negative }, progress) =>
      negative
        ? extrapolate(out, scaleAt(scale, progress), positive!, negative)
        : copy(out, positive!),
  };
}

/**
 * The same plan, written without the sample: each `x` becomes `alpha x0 + sigma eps` of its level.
 * Nothing changes while x0 and eps come from one prediction. When eps comes from another
 * (`Guidance.renoise`), DDIM and Euler become the paper's, and the ancestral and multistep samplers
 * become what other tools call their `cfg_pp` variants.
 *
 * @param plan A compiled plan.
 * @returns The rewritten plan.
 *
 * @example Euler's step
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renoisingPlan } from "@shum/guidance";
 * import { epsilon, type Plan } from "@shum/schedulers";
 *
 * const level = { t: 999, alpha: 1, sigma: 10 };
 * const step = { level, x: { terms: { x: 1, eps: -4 } }, ...epsilon(level) };
 * const plan: Plan = { steps: [step], eps: "raw" };
 * assertEquals(renoisingPlan(plan).steps[0]!.x.terms, { x0: 1, eps: 6 });
 * ```
 */
export function renoisingPlan(plan: Plan): Plan {
  const levels = plan.steps.map(({ level }) => level);
  const steps = plan.steps.map((step, i) => ({
    ...step,
    x: { ...step.x, terms: withoutSample(step.x.terms, levels, i) },
  }));
  return { ...plan, steps };
}

/** Replaces `x` and `x[-k]` in the terms of step `i`. */
function withoutSample(from: Terms, levels: readonly NoiseLevel[], i: number): Terms {
  const terms: Record<string, number> = {};
  const add = (slot: Slot, weight: number) => terms[slot] = (terms[slot] ?? 0) + weight;
  for (const [slot, weight] of Object.entries(from as Readonly<Record<string, number>>)) {
    const { vector, age } = parseSlot(slot);
    if (vector === "x") {
      const level = levels[i - age]!;
      add(slotOf("x0", age), weight * level.alpha);
      add(slotOf("eps", age), weight * level.sigma);
    } else add(slotOf(vector, age), weight);
  }
  return terms as Terms;
}
