import { assertAlmostEquals, assertEquals } from "@std/assert";
import { betaQuantile, betaSigmas } from "./beta.ts";

Deno.test("betaQuantile() inverts distributions with a closed form", () => {
  for (const p of [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999]) {
    assertAlmostEquals(betaQuantile(p, 1, 1), p, 1e-14);
    assertAlmostEquals(betaQuantile(p, 3, 1), p ** (1 / 3), 1e-14);
    assertAlmostEquals(betaQuantile(p, 1, 4), 1 - (1 - p) ** (1 / 4), 1e-14);
    assertAlmostEquals(betaQuantile(p, 0.5, 0.5), Math.sin((Math.PI * p) / 2) ** 2, 1e-13);
  }
});

Deno.test("betaQuantile() reaches both ends", () => {
  assertEquals([betaQuantile(0, 0.6, 0.6), betaQuantile(1, 0.6, 0.6)], [0, 1]);
});

Deno.test("betaSigmas() is symmetric for equal shapes, and descends", () => {
  const sigmas = betaSigmas(9, { min: 1, max: 3 });
  sigmas.forEach((sigma, i) => assertAlmostEquals(sigma + sigmas[8 - i]!, 4, 1e-12));
  assertEquals(sigmas, [...sigmas].sort((a, b) => b - a));
});
