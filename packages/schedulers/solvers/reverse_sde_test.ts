// On Gaussian data with its exact score every step is linear, so the variance of the samples follows from the
// coefficients alone: no draws, no tolerance for chance.
import { assert, assertEquals } from "@std/assert";
import type { Solver } from "../plan/plan.ts";
import { type Sde, subVpSde, veSde, vpSde } from "../schedules/sde.ts";
import { eulerMaruyama, reverseDiffusion } from "./reverse_sde.ts";

const DATA = 0.6; // the data's standard deviation

function varianceAt(sde: Sde, t: number): number {
  const { alpha, sigma } = sde.at(t);
  return (alpha * DATA) ** 2 + sigma ** 2;
}

/** How far the variance at the end is from the true one, relative to it. */
function error(solver: Solver, sde: Sde, steps: number, end: number): number {
  const levels = Array.from({ length: steps + 1 }, (_, i) => sde.at(1 + i / steps * (end - 1)));
  let variance = varianceAt(sde, 1);
  for (const { level, x: { terms, noise } } of solver(levels, sde)) {
    const eps = level.sigma / varianceAt(sde, level.t); // eps = -sigma·score, per unit of x
    const factor = (terms.x ?? 0) + (terms.eps ?? 0) * eps;
    variance = factor ** 2 * variance + ((noise as number | undefined) ?? 0) ** 2;
  }
  return Math.abs(variance / varianceAt(sde, end) - 1);
}

const processes: Record<string, Sde> = { VP: vpSde(), "sub-VP": subVpSde(), VE: veSde() };
for (const [name, sde] of Object.entries(processes)) {
  const solvers = {
    eulerMaruyama: eulerMaruyama(sde, { denoise: false }),
    // The forward chain that it reverses is VP's or VE's.
    ...(name === "sub-VP" ? {} : { reverseDiffusion: reverseDiffusion({ denoise: false }) }),
  };
  for (const [method, solver] of Object.entries(solvers)) {
    Deno.test(`${method}() reaches the true variance of ${name} with an error of first order`, () => {
      const [coarse, fine] = [error(solver, sde, 1000, 0.05), error(solver, sde, 2000, 0.05)];
      const order = Math.log2(coarse / fine);
      assert(fine < 0.02, `the error of 2000 steps is ${fine}`);
      assert(order > 0.9, `the order is ${order}`);
    });
  }
}

Deno.test("the last step of a reverse SDE has noise only if asked", () => {
  const sde = vpSde(), levels = [1, 0.5, 0.1].map((t) => sde.at(t));
  for (const make of [reverseDiffusion, (o: object) => eulerMaruyama(sde, o)]) {
    const noises = (options: object) =>
      make(options)(levels, sde).map((s) => s.x.noise !== undefined);
    assertEquals(noises({}), [true, false]);
    assertEquals(noises({ denoise: false }), [true, true]);
    assertEquals(make({})(levels, sde, 1).length, 1); // begun mid-way
  }
});
