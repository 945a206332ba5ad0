/** A second, independent reading of plans, in float64, without folding or rings. For tests. */
import type { NoiseLevel } from "./plan/noise_level.ts";
import type { Plan } from "./plan/plan.ts";

/** Runs a plan. `model` is asked for the clean sample; `draw` for the next noise. */
export function runExact(
  plan: Plan,
  start: readonly number[],
  model: (x: readonly number[], level: NoiseLevel) => readonly number[],
  draw: () => readonly number[] = () => start.map(() => 0),
): readonly number[] {
  const seen: Record<string, readonly number[]>[] = [];
  let x = start;
  for (const { level, x: next } of plan.steps) {
    const x0 = model(x, level);
    const eps = x.map((value, i) => (value - level.alpha * x0[i]!) / level.sigma);
    seen.unshift({ x, x0, eps });
    const sum = start.map(() => 0);
    const add = (weight: number, vector: readonly number[]) => {
      vector.forEach((value, i) => sum[i]! += weight * value);
    };
    for (const [slot, weight] of Object.entries(next.terms)) {
      const [, vector, age = "0"] = /^(x|x0|eps)(?:\[-(\d+)\])?$/.exec(slot)!;
      add(weight, seen[Number(age)]![vector!]!);
    }
    if (typeof next.noise === "number") add(next.noise, draw());
    x = sum;
  }
  return x;
}
