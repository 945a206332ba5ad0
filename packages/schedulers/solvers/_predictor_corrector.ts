import type { NoiseLevel } from "../plan/noise_level.ts";
import type { Step } from "../plan/plan.ts";
import { past } from "./_history.ts";

/**
 * A linear update over an interval; `outputs` are the weights of the model's outputs, newest first.
 */
export interface Update {
  readonly x: number;
  readonly outputs: readonly number[];
  readonly noise?: number;
  readonly interval?: readonly [from: number, to: number];
}

/**
 * Correct the last interval with the newest output, then predict the next.
 *
 * Both updates of an interval start from the same sample with the same weight and the same noise,
 * so the corrected sample is the predicted one plus the difference of their outputs' weights: no
 * sample and no noise has to be kept.
 */
export function correctThenPredict(
  levels: readonly NoiseLevel[],
  begin: number,
  vector: "x0" | "eps",
  { predict, correct }: {
    /** The predictor over `levels[i]` to `levels[i + 1]`. */
    predict(i: number): Update;
    /** The corrector over the same interval; its newest output is the one at `levels[i + 1]`. */
    correct(i: number): Update | undefined;
  },
): readonly Step[] {
  let previous: Update | undefined;
  return levels.slice(begin, -1).map((level, k): Step => {
    const i = begin + k;
    const next = predict(i);
    const weights = [...next.outputs];
    const corrected = previous && correct(i - 1);
    if (previous && corrected) {
      const before = [0, ...previous.outputs]; // outputs are one call older now
      for (let age = 0; age < Math.max(before.length, corrected.outputs.length); age++) {
        const change = (corrected.outputs[age] ?? 0) - (before[age] ?? 0);
        weights[age] = (weights[age] ?? 0) + next.x * change;
      }
    }
    previous = next;
    const { x, outputs: _, ...noise } = next;
    return { level, x: { terms: { x, ...past(vector, weights) }, ...noise } };
  });
}
