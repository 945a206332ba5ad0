import { lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { slotOf } from "../plan/slot.ts";
import { coefficients, type DpmAlgorithm, type DpmSolverType, span } from "./_dpm_solver.ts";

/** Options of {@linkcode dpmSolverSinglestep}, named as in diffusers. */
export interface DpmSolverSinglestepOptions {
  /** 1 to 3. */
  readonly order?: number | undefined;
  /** Which equation is solved, and whether the model's x0 (`++`) or eps is extrapolated. */
  readonly algorithm?: DpmAlgorithm | undefined;
  /** How second and third order are reached. */
  readonly solverType?: DpmSolverType | undefined;
  /**
   * End with smaller blocks. So do runs whose number of steps the order does not divide, and those
   * that end at `sigma = 0`.
   */
  readonly lowerOrderFinal?: boolean | undefined;
}

/**
 * DPM-Solver and DPM-Solver++, singlestep: blocks of as many levels as the order, each of which
 * starts again from the block's first sample with one more model call.
 *
 * ```text
 * dpmsolver++  x_t = (sigma_t/sigma_s)·x_s + alpha_t·(1 - e^-h)·(x0_s + D1/2)
 * dpmsolver    x_t = (alpha_t/alpha_s)·x_s - sigma_t·(e^h - 1)·(eps_s + D1/2)
 * D1 = (x0 - x0_s) / r or (eps - eps_s) / r, r = (lambda - lambda_s) / h, s where the block starts
 * ```
 *
 * Lu et al. (2022), https://arxiv.org/abs/2206.00927, algorithms 1 and 2 and section 3.4 (how steps
 * are shared out), and https://arxiv.org/abs/2211.01095, algorithm 1.
 *
 * @param options The order, the equation, and where the order falls.
 * @returns The solver.
 * @throws {RangeError} if the algorithm does not have the order.
 *
 * @example The second step of a block
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpmSolverSinglestep, edmSchedule } from "@shum/schedulers";
 * const levels = [4, 2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = dpmSolverSinglestep()(levels, edmSchedule());
 * assertEquals(steps[1]!.x.terms, { "x[-1]": 0.25, "x0[-1]": 0, x0: 0.75 });
 * ```
 */
export function dpmSolverSinglestep({
  order = 2,
  algorithm = "dpmsolver++",
  solverType = "midpoint",
  lowerOrderFinal = false,
}: DpmSolverSinglestepOptions = {}): Solver {
  const highest = algorithm === "sde-dpmsolver" ? 2 : 3;
  if (!(Number.isInteger(order) && order >= 1 && order <= highest)) {
    throw new RangeError(
      `Cannot make a singlestep ${algorithm}: solver_order is ${order}; expected 1 to ${highest}`,
    );
  }
  const vector = algorithm.endsWith("++") ? "x0" : "eps";
  return (levels, _schedule, begin = 0) => {
    const steps = levels.length - 1;
    const zero = levels[steps]!.sigma === 0;
    const orders = blocks(steps, order, lowerOrderFinal || zero || steps % order !== 0);
    if (zero) orders[steps - 1] = 1;
    return levels.slice(begin, -1).map((level, k): Step => {
      const i = begin + k;
      const used = Math.min(orders[i]!, k + 1);
      const s = levels[i - used + 1]!; // where the block starts
      const t = levels[i + 1]!;
      const { x, first, second, third, noise } = coefficients(algorithm, solverType, s, t, used);
      const h = lambda(t) - lambda(s);
      const r = (m: NoiseLevel) => (lambda(m) - lambda(s)) / h;
      const name = (age: number) => slotOf(vector, age);
      const terms: Record<string, number> = { [slotOf("x", used - 1)]: x };
      if (used === 1) terms[vector] = first;
      else if (used === 2) {
        const d = second / r(level); // D1 = (m0 - m1) / r0
        Object.assign(terms, { [name(1)]: first - d, [vector]: d });
      } else {
        const [r0, r1] = [r(level), r(levels[i - 1]!)];
        // With R = (m0 - m2) / r0 and P = (m1 - m2) / r1: R alone is D1 of "midpoint"; for "heun",
        // D1 = (r0 P - r1 R) / (r0 - r1) and D2 = 2 (R - P) / (r0 - r1).
        const heun = solverType === "heun";
        const p = heun ? (second * r0 - 2 * third) / (r0 - r1) / r1 : 0;
        const q = heun ? (2 * third - second * r1) / (r0 - r1) / r0 : second / r0;
        Object.assign(terms, { [name(2)]: first - p - q, [name(1)]: p, [vector]: q });
      }
      return { level, x: noise === undefined ? { terms } : { terms, noise, interval: span(s, t) } };
    });
  };
}

/** The order of each step: 1, 2, 3, 1, 2, 3, ..., ending lower if asked. */
function blocks(steps: number, order: number, lowerFinal: boolean): number[] {
  const block = Array.from({ length: order }, (_, i) => i + 1);
  const orders = Array.from({ length: steps }, (_, i) => block[i % order]!);
  if (!lowerFinal || order === 1) return orders;
  if (order === 2 && steps % 2 === 0) orders[steps - 1] = 1;
  if (order === 3 && steps % 3 === 0) orders.splice(-3, 3, 1, 2, 1);
  return orders;
}
