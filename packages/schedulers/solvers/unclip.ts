import type { Solver } from "../plan/plan.ts";
import { ddpm, singleBeta, type StepBeta, type VarianceType } from "./ddpm.ts";

/**
 * unCLIP's sampler: {@linkcode ddpm}, with the variance of single training steps read from the
 * table.
 *
 * ```text
 * x_t = (alpha_t·b / sigma_s²)·x0 + (a·sigma_t² / sigma_s²)·x + √v·z
 * as ddpm(), but b is the table's beta where s and t are neighbours in it
 * ```
 *
 * Ramesh et al. (2022), https://arxiv.org/abs/2204.06125, section 2.1 (DALL·E 2), and the Karlo
 * models.
 *
 * @param options Which variance is drawn.
 * @returns The solver.
 *
 * @example Two steps
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { betas, discreteSchedule, unclip } from "@shum/schedulers";
 * const table = betas("squaredcos_cap_v2", { start: 0, end: 0, length: 10 });
 * const schedule = discreteSchedule(table);
 * const steps = unclip()([9, 4, 0].map((t) => schedule.at(t)), schedule);
 * assertEquals(steps.map(({ level }) => level.t), [9, 4]);
 * ```
 */
export function unclip(
  { variance = "fixed_small_log" }: { variance?: VarianceType | undefined } = {},
): Solver {
  const beta: StepBeta = (s, t, schedule) => {
    const table = (schedule as { betas?: Float32Array }).betas; // discrete schedules have one
    return (s.t - t.t === 1 ? table?.[s.t] : undefined) ?? singleBeta(s, t);
  };
  return ddpm({ variance, beta });
}
