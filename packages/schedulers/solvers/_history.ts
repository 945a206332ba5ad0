import type { NoiseLevel } from "../plan/noise_level.ts";
import { slotOf } from "../plan/slot.ts";

/** Adams and Bashforth's weights of the newest slopes, by how many there are. */
export const ADAMS_BASHFORTH: readonly (readonly number[])[] = [
  [],
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/** `weights[k]` of what the model said `k` calls ago. */
export function past(vector: "x0" | "eps", weights: readonly number[]): Record<string, number> {
  const terms: Record<string, number> = {};
  weights.forEach((weight, age) => terms[slotOf(vector, age)] = weight);
  return terms;
}

/**
 * How many of the newest `wanted` levels, `levels[i]` back to `levels[begin]`, differ from each
 * other and from where the step goes. A repeated level carries no slope: orders fall until there is
 * none.
 */
export function distinct(
  levels: readonly NoiseLevel[],
  i: number,
  begin: number,
  wanted: number,
): number {
  let order = 1;
  if (same(levels[i]!, levels[i + 1]!)) return order;
  while (
    order < wanted && i - order >= begin && !same(levels[i - order]!, levels[i - order + 1]!)
  ) {
    order++;
  }
  return order;
}

/** Whether an interval is empty. */
export const same = (s: NoiseLevel, t: NoiseLevel): boolean =>
  s.alpha === t.alpha && s.sigma === t.sigma;
