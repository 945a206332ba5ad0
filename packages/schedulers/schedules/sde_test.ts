import { assertAlmostEquals, assertThrows } from "@std/assert";
import { lambda } from "../plan/noise_level.ts";
import { type Sde, subVpSde, veSde, vpSde } from "./sde.ts";

const processes: Record<string, Sde> = {
  "vpSde()": vpSde(),
  "vpSde() of constant beta": vpSde({ betaMin: 3, betaMax: 3 }),
  "subVpSde()": subVpSde(),
  "veSde()": veSde({ sigmaMin: 0.01, sigmaMax: 50 }),
};

for (const [name, sde] of Object.entries(processes)) {
  Deno.test(`${name} has the marginals that its drift and diffusion lead to`, () => {
    const h = 1e-5;
    for (const t of [0.01, 0.2, 0.5, 0.99]) {
      const before = sde.at(t - h), after = sde.at(t + h), { sigma } = sde.at(t);
      const f = (Math.log(after.alpha) - Math.log(before.alpha)) / (2 * h);
      const growth = (after.sigma ** 2 - before.sigma ** 2) / (2 * h);
      assertAlmostEquals(sde.drift(t), f, 1e-6 * (1 + Math.abs(f)));
      const squared = growth - 2 * f * sigma ** 2; // d sigma²/dt = 2 f sigma² + g²
      assertAlmostEquals(sde.diffusion(t) ** 2, squared, 1e-5 * (1 + squared));
    }
  });

  Deno.test(`${name} finds the level of a lambda`, () => {
    for (const t of [1e-3, 0.1, 0.6, 1]) {
      const level = sde.at(t), found = sde.atLambda(lambda(level));
      assertAlmostEquals(found.t, t, 1e-9);
      assertAlmostEquals(found.alpha, level.alpha, 1e-9);
      assertAlmostEquals(found.sigma, level.sigma, 1e-9 * level.sigma);
    }
  });
}

Deno.test("an SDE names the rate or the range that cannot be", () => {
  assertThrows(
    () => vpSde({ betaMin: 2, betaMax: 1 }),
    RangeError,
    "betaMin is 2 and betaMax is 1",
  );
  assertThrows(() => subVpSde({ betaMin: NaN }), RangeError, "betaMin is NaN");
  assertThrows(() => veSde({ sigmaMin: 0 }), RangeError, "sigmaMin is 0");
});
