import { assertAlmostEquals, assertEquals } from "@std/assert";
import { alignYourStepsSigmas } from "./align_your_steps.ts";
import { betaSigmas } from "./beta.ts";
import { exponentialSigmas } from "./exponential.ts";
import { karrasSigmas } from "./karras.ts";
import { klOptimalSigmas } from "./kl_optimal.ts";
import { polyexponentialSigmas } from "./polyexponential.ts";
import { timesteps, type TimestepSpacing } from "./timesteps.ts";

const range = { min: 0.03, max: 14.6 };
const TABLES = {
  karras: (n: number) => karrasSigmas(n, range),
  exponential: (n: number) => exponentialSigmas(n, range),
  polyexponential: (n: number) => polyexponentialSigmas(n, { ...range, rho: 2 }),
  beta: (n: number) => betaSigmas(n, range),
  "KL optimal": (n: number) => klOptimalSigmas(n, range),
};

for (const [name, table] of Object.entries(TABLES)) {
  Deno.test(`${name} sigmas descend from the largest to the smallest`, () => {
    const sigmas = table(11);
    assertAlmostEquals(sigmas[0]!, range.max, 1e-9);
    assertAlmostEquals(sigmas[10]!, range.min, 1e-9);
    assertEquals(sigmas, [...sigmas].sort((a, b) => b - a));
    assertAlmostEquals(table(1)[0]!, range.max, 1e-9); // one step starts from noise
  });
}

Deno.test("align-your-steps interpolates through the optimised sigmas", () => {
  const [ten, more] = [alignYourStepsSigmas(10, "sd15"), alignYourStepsSigmas(28, "sd15")];
  ten.forEach((sigma, i) => assertAlmostEquals(more[3 * i]!, sigma, 1e-9));
});

Deno.test("every spacing gives exactly as many timesteps as asked for, within training", () => {
  for (const spacing of ["leading", "linspace", "trailing"] as TimestepSpacing[]) {
    for (let steps = 1; steps <= 1000; steps++) {
      const visited = timesteps(steps, { spacing, length: 1000 });
      const ok = visited.length === steps && visited.every((t) => t >= 0 && t < 1000) &&
        visited.every((t, i) => i === 0 || t < visited[i - 1]!);
      if (!ok) throw new Error(`${spacing}, ${steps} steps: ${visited}`);
    }
  }
});

Deno.test("half timesteps round to even, as numpy rounds", () => {
  assertEquals(timesteps(3, { spacing: "linspace", length: 1000 }), [999, 500, 0]);
  assertEquals(timesteps(400, { spacing: "trailing", length: 1000 }).slice(0, 3), [999, 997, 994]);
});
