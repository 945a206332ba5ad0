import { lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step, Terms } from "../plan/plan.ts";
import { slotOf } from "../plan/slot.ts";
import { coefficients } from "./_dpm_solver.ts";

/**
 * DPM-Solver-fast: as many third-order steps, of three model calls each, as the number of calls
 * allows, then smaller ones; even in lambda between the first and the last noisy level. Of the
 * levels between, only their number counts: it is the number of model calls.
 *
 * ```text
 * order 1  x_t = (alpha_t/alpha_s)·x - sigma_t·(e^h - 1)·eps
 * order 2  x_t = (alpha_t/alpha_s)·x - sigma_t·(e^h - 1)·eps_m
 * order 3  x_t = (alpha_t/alpha_s)·x - sigma_t·(e^h - 1)·eps
 *                - (3/2)·sigma_t·((e^h - 1)/h - 1)·(eps_n - eps)
 * lambda_m = lambda_s + h/2, lambda_n = lambda_s + 2h/3
 * ```
 *
 * Lu et al. (2022), https://arxiv.org/abs/2206.00927, section 3.4 and algorithms 1, 2 and 4
 * (r = 1/2; r1 = 1/3, r2 = 2/3); k-diffusion, `sample_dpm_fast`. A last step to `sigma = 0` is
 * Euler's.
 *
 * @returns The solver.
 *
 * @example A step of three calls, and one of one
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dpmFast, edmSchedule } from "@shum/schedulers";
 * const schedule = edmSchedule();
 * const levels = [8, 6, 4, 2, 1].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const steps = dpmFast()(levels, schedule); // a step of three calls, and a step of one
 * assertEquals(steps.map(({ level }) => level.sigma.toFixed(2)), ["8.00", "5.66", "4.00", "2.83"]);
 * ```
 */
export function dpmFast(): Solver {
  return (levels, schedule, begin = 0) => {
    const noisy = levels.slice(begin).filter(({ sigma }) => sigma > 0);
    const calls = noisy.length - 1;
    const [first, last] = [noisy[0]!, noisy[calls]!];
    const count = Math.floor(calls / 3) + 1;
    const orders = calls % 3 === 0
      ? calls === 0 ? [] : [...Array(count - 2).fill(3), 2, 1]
      : [...Array(count - 1).fill(3), calls % 3];
    const [from, to] = [lambda(first), lambda(last)];
    const steps: Step[] = [];
    let s = first;
    orders.forEach((order: number, i) => {
      const end = i === orders.length - 1;
      const t = end ? last : schedule.atLambda(from + ((to - from) * (i + 1)) / orders.length);
      const between = (r: number) => schedule.atLambda(lambda(s) + r * (lambda(t) - lambda(s)));
      steps.push(...STEPS[order]!(s, t, between));
      s = t;
    });
    const clean = levels[levels.length - 1]!;
    if (clean.sigma === 0) steps.push({ level: last, x: { terms: { x0: clean.alpha } } });
    return steps;
  };
}

type StepMaker = (s: NoiseLevel, t: NoiseLevel, between: (r: number) => NoiseLevel) => Step[];

/**
 * From `x` of `ago` calls ago at `s`; `slope` of the first eps, and `change` of the newest less it.
 */
function terms(s: NoiseLevel, t: NoiseLevel, ago: number, weight: "none" | "half" | number): Terms {
  const { x, first, second } = coefficients("dpmsolver", "heun", s, t, 1);
  if (ago === 0) return { x, eps: first };
  const change = weight === "half" ? first : weight === "none" ? 0 : weight * second;
  return { [slotOf("x", ago)]: x, [slotOf("eps", ago)]: first - change, eps: change };
}

const STEPS: Readonly<Record<number, StepMaker>> = {
  1: (s, t) => [{ level: s, x: { terms: terms(s, t, 0, "none") } }],
  2: (s, t, between) => {
    const m = between(1 / 2);
    return [
      { level: s, x: { terms: terms(s, m, 0, "none") } },
      { level: m, x: { terms: terms(s, t, 1, "half") } }, // 1 / (2r) = 1
    ];
  },
  3: (s, t, between) => {
    const [m1, m2] = [between(1 / 3), between(2 / 3)];
    return [
      { level: s, x: { terms: terms(s, m1, 0, "none") } },
      { level: m1, x: { terms: terms(s, m2, 1, 2) } }, // r2 / r1
      { level: m2, x: { terms: terms(s, t, 2, 3 / 2) } }, // 1 / r2
    ];
  },
};
