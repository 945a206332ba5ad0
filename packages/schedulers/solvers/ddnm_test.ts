import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { compile } from "../plan/plan.ts";
import { sample } from "../plan/prediction.ts";
import { Runner } from "../plan/runner.ts";
import { betas } from "../schedules/betas.ts";
import { discreteSchedule } from "../schedules/discrete.ts";
import { ddnm, type DdnmOptions, ddnmStrengths } from "./ddnm.ts";

const schedule = discreteSchedule(betas("linear", { start: 1e-4, end: 0.02, length: 1000 }));
const levels = [900, 700, 500, 300, 100, 20].map((t) => schedule.at(t));
const clean = { t: -1, alpha: 1, sigma: 0 };

const VARIANTS: readonly DdnmOptions[] = [
  {},
  { eta: 0 },
  { eta: 1, travel: { length: 2, repeats: 3 } },
  { eta: 0.5, travel: { length: 3, repeats: 2 } },
];

for (const options of VARIANTS) {
  Deno.test(`ddnm(${JSON.stringify(options)}) carries a known x0 along alpha`, () => {
    const plan = compile(ddnm(options), sample, schedule, [...levels, clean]);
    const { alpha, sigma } = levels[0]!;
    const runner = new Runner(
      plan,
      Float32Array.of(0.7 * alpha, 0.7 * alpha + sigma),
      (z) => z.fill(0),
    );
    while (!runner.done) runner.step(Float32Array.of(0.7, 0.7));
    assertAlmostEquals(runner.x[0]!, 0.7, 1e-6);
    assertAlmostEquals(runner.x[1]!, 0.7, 1e-6);
  });

  Deno.test(`ddnm(${JSON.stringify(options)}) ends with noise of variance sigma²`, () => {
    // The k-th draw is the k-th unit vector, so that x is the list of every draw's weight.
    const plan = compile(ddnm(options), sample, schedule, levels);
    const x = new Float32Array(plan.steps.length + 1);
    x[0] = levels[0]!.sigma;
    let draw = 1;
    const runner = new Runner(plan, x, (z) => {
      z.fill(0);
      z[draw++] = 1;
    });
    while (!runner.done) runner.step(new Float32Array(x.length)); // data is 0
    const norm = Math.hypot(...runner.x);
    assertAlmostEquals(norm, levels.at(-1)!.sigma, 1e-6);
  });
}

Deno.test("ddnm() with a noisy measurement brings in what it leaves out of its own noise", () => {
  const noise = 0.3, all = [...levels, clean];
  const steps = ddnm({ noise })(all, schedule);
  const strengths = ddnmStrengths(all, { noise });
  strengths.forEach((lambda, i) => {
    const { alpha, sigma } = all[i + 1]!;
    const own = (steps[i]!.x.noise ?? 0) as number;
    assertAlmostEquals(Math.hypot(own, alpha * lambda * noise), 0.85 * sigma, 1e-12);
  });
  assertEquals([strengths[0], strengths.at(-1)], [1, 0]);
});

Deno.test("ddnm() travels in time: each stretch is made as often as asked", () => {
  const visited = ddnm({ travel: { length: 2, repeats: 2 } })([...levels, clean], schedule)
    .map(({ level }) => level.t);
  assertEquals(visited, [900, 700, 900, 700, 500, 300, 500, 300, 100, 20, 100, 20]);
});

Deno.test("ddnm() names settings that cannot be", () => {
  assertThrows(() => ddnm({ eta: 2 }), RangeError, "eta is 2");
  assertThrows(() => ddnm({ travel: { length: 0, repeats: 1 } }), RangeError, "length is 0");
});
