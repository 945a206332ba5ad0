import type { Combination, Plan, Terms } from "./plan.ts";
import { parseSlot, slotOf, type Vector } from "./slot.ts";

/** What a sum reads; `renoise` is the second output that `Runner.step` may be given. */
export type Source = Vector | "output" | "renoise" | "noise";

/** A sum over buffers, ready for {@linkcode weightedSum}: `vectors` is refilled at each step. */
export interface Sum {
  readonly weights: number[];
  readonly from: readonly { readonly vector: Source; readonly age: number }[];
  readonly vectors: Float32Array[];
}

/** What one step does to the buffers, worked out once. */
export interface Action {
  readonly x0: Sum | undefined;
  readonly eps: Sum | undefined;
  readonly x: Sum;
  readonly noise: Combination["noise"];
  readonly interval: Combination["interval"];
}

/** The largest age at which each vector is read. */
export function depths(plan: Plan): Record<Vector, number> {
  const result = { x: 0, x0: 0, eps: 0 };
  for (const step of plan.steps) {
    for (const slot in step.x.terms) {
      const { vector, age } = parseSlot(slot);
      result[vector] = Math.max(result[vector], age);
    }
  }
  return result;
}

/** Whether a step after `index` reads what this step predicted. */
function isReadLater(plan: Plan, vector: Vector, index: number): boolean {
  for (let age = 1; index + age < plan.steps.length && age < 16; age++) {
    const terms: Terms = plan.steps[index + age]!.x.terms;
    if (terms[slotOf(vector, age)]) return true;
  }
  return false;
}

/**
 * Works out one step: `x0` and `eps` are put in terms of the sample and the output, unless they are
 * stored because a later step reads them or clipping makes them non-linear.
 */
export function action(
  plan: Plan,
  index: number,
  clipped: boolean,
  noiseFrom: "output" | "renoise" = "output",
): Action {
  const step = plan.steps[index]!;
  const { alpha, sigma } = step.level;
  // eps from the clipped x0
  const derived = clipped && plan.eps === "clipped" && noiseFrom === "output";
  const storesX0 = clipped || isReadLater(plan, "x0", index);
  const storesEps = isReadLater(plan, "eps", index);
  const x0 = sum([["x", 0, step.cSkip], ["output", 0, step.cOut]]);
  const ofEps = (weight: number): Weighted[] =>
    derived
      ? [["x", 0, weight / sigma], ["x0", 0, (-weight * alpha) / sigma]]
      : [["x", 0, weight * step.eSkip], [noiseFrom, 0, weight * step.eOut]];
  const terms = Object.entries(step.x.terms).flatMap(([slot, weight]): Weighted[] => {
    const { vector, age } = parseSlot(slot);
    if (weight === 0) return [];
    if (age === 0 && vector === "x0" && !storesX0) {
      return [["x", 0, weight * step.cSkip], ["output", 0, weight * step.cOut]];
    }
    return age === 0 && vector === "eps" && !storesEps ? ofEps(weight) : [[vector, age, weight]];
  });
  const { noise, interval } = step.x;
  if (noise !== undefined) terms.push(["noise", 0, typeof noise === "number" ? noise : 1]);
  return {
    x0: storesX0 ? x0 : undefined,
    eps: storesEps ? sum(ofEps(1)) : undefined,
    x: sum(terms),
    noise,
    interval,
  };
}

type Weighted = [vector: Source, age: number, weight: number];

/** Adds up the weights of equal vectors and drops those that are 0. */
function sum(terms: readonly Weighted[]): Sum {
  const merged: Weighted[] = [];
  for (const [vector, age, weight] of terms) {
    const same = merged.find(([v, a]) => v === vector && a === age);
    if (same) same[2] += weight;
    else merged.push([vector, age, weight]);
  }
  const kept = merged.filter(([, , weight]) => weight !== 0);
  return {
    weights: kept.map(([, , weight]) => weight),
    from: kept.map(([vector, age]) => ({ vector, age })),
    vectors: [],
  };
}
