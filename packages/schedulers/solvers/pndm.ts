import { intervals, type NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { slotOf } from "../plan/slot.ts";
import { ADAMS_BASHFORTH } from "./_history.ts";

/**
 * PNDM: linear multistep in the noise, each step taken along DDIM's curve.
 *
 * ```text
 * x_t = (alpha_t/alpha_s)·x + (sigma_t - sigma_s·alpha_t/alpha_s)·e
 * e = (55·eps - 59·eps[-1] + 37·eps[-2] - 9·eps[-3]) / 24
 * ```
 *
 * Liu et al. (2022), https://arxiv.org/abs/2202.09778, eq. 11 (the transfer, which is DDIM's), 12
 * (multistep) and algorithm 2. `rungeKutta` takes the first three steps with the pseudo Runge-Kutta
 * method of eq. 13, four model calls each, if there are that many; without it the second level is
 * visited twice, which is Stable Diffusion's "PLMS".
 *
 * @param options Whether the first steps are Runge-Kutta steps.
 * @returns The solver.
 *
 * @example With and without the Runge-Kutta start
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flowSchedule, pndm } from "@shum/schedulers";
 * const schedule = flowSchedule();
 * const levels = [1000, 750, 500, 250, 0].map((t) => schedule.at(t));
 * assertEquals(pndm()(levels, schedule).map(({ level }) => level.t), [1000, 750, 750, 500, 250]);
 * assertEquals(pndm({ rungeKutta: true })(levels, schedule).length, 13);
 * ```
 */
export function pndm({ rungeKutta = false }: { rungeKutta?: boolean | undefined } = {}): Solver {
  return (levels, schedule, begin = 0) => {
    const steps: Step[] = [];
    const slopes: number[] = []; // the model calls whose output is kept, newest last
    for (const [s, t, i] of intervals(levels, begin)) {
      const done = i - begin;
      if (rungeKutta && done < 3 && levels.length - begin > 4) {
        slopes.push(steps.length);
        steps.push(...rungeKuttaStep(s, t, schedule));
        continue;
      }
      slopes.push(steps.length);
      const weights = ADAMS_BASHFORTH[Math.min(slopes.length, 4)]!;
      steps.push(transfer(s, s, t, 0, weights.map((weight, k) => [age(steps, slopes, k), weight])));
      if (done === 0 && i + 2 < levels.length) { // once more, with the slope at its end
        steps.push(transfer(t, s, t, 1, [[0, 1 / 2], [1, 1 / 2]]));
      }
    }
    return steps;
  };
}

/** How many calls ago the `k`-th newest kept slope was. */
function age(steps: readonly Step[], slopes: readonly number[], k: number): number {
  return steps.length - slopes[slopes.length - 1 - k]!;
}

/**
 * From `x` of `ago` calls ago at `s` to `t`, along the sum of weighted slopes; a model call at
 * `level`.
 */
function transfer(
  level: NoiseLevel,
  s: NoiseLevel,
  t: NoiseLevel,
  ago: number,
  slopes: readonly (readonly [age: number, weight: number])[],
): Step {
  const scale = t.alpha / s.alpha;
  const d = t.sigma - s.sigma * scale;
  const terms: Record<string, number> = { [slotOf("x", ago)]: scale };
  for (const [age, weight] of slopes) terms[slotOf("eps", age)] = d * weight;
  return { level, x: { terms } };
}

/**
 * Four calls: at `s`, twice in the middle, at `t`. Between timesteps an odd number apart the first
 * call leads to just above the middle, as in diffusers.
 */
function rungeKuttaStep(s: NoiseLevel, t: NoiseLevel, schedule: NoiseSchedule): Step[] {
  const half = Math.floor((s.t - t.t) / 2);
  const m = schedule.at(t.t + half);
  return [
    transfer(s, s, schedule.at(s.t - half), 0, [[0, 1]]),
    transfer(m, s, m, 1, [[0, 1]]),
    transfer(m, s, t, 2, [[0, 1]]),
    transfer(t, s, t, 3, [[0, 1 / 6], [1, 1 / 3], [2, 1 / 3], [3, 1 / 6]]),
  ];
}
