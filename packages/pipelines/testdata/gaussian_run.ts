/**
 * Runs of the loop on Gaussian mixtures, whose exact denoisers stand in the place of networks.
 *
 * @module
 */
import { assertAlmostEquals } from "@std/assert";
import { type Branch, none } from "@shum/guidance";
import {
  compile,
  ddim,
  edmSchedule,
  epsilon,
  type NoiseLevel,
  type Plan,
  type Prediction,
  type Solver,
} from "@shum/schedulers";
import { clusters, type Component, noise } from "../../guidance/testdata/mixture.ts";
import { denoise, type DenoiseSettings, drain, type PlanRun, type Predict } from "../mod.ts";

/** From sigma 20 to 0 in geometric steps, in VE scaling. */
export function planOf(solver: Solver, steps: number, prediction: Prediction = epsilon): Plan {
  const levels: NoiseLevel[] = Array.from({ length: steps }, (_, i) => {
    const sigma = 20 * (0.01 / 20) ** (i / (steps - 1));
    return { t: sigma, alpha: 1, sigma };
  });
  return compile(solver, prediction, edmSchedule(), [...levels, { t: 0, alpha: 1, sigma: 0 }]);
}

/** The exact network of each branch; it sees cIn x and is told sigma. */
export function exact(
  densities: Partial<Record<Branch, readonly Component[]>>,
  prediction: "epsilon" | "sample" | "v" = "epsilon",
): Predict {
  return (input, sigma, branches) => {
    const n = Math.hypot(1, sigma);
    const x = Array.from(input, (value) => value * n);
    const level = { t: sigma, alpha: 1, sigma };
    return Promise.resolve(branches.map((branch) => {
      const eps = noise(densities[branch]!, x, level);
      if (prediction === "epsilon") return eps;
      return eps.map((e, i) => {
        const x0 = x[i]! - sigma * e;
        return prediction === "sample" ? x0 : (e - sigma * x0) / n; // v of the VP scaling
      });
    }));
  };
}

/** Where every run starts. */
export const start = Float32Array.of(9, -14);

/** Runs a plan, 20 steps of DDIM on the clusters unless told otherwise. */
export function run(options: Partial<DenoiseSettings & PlanRun>): Promise<Float32Array> {
  return drain(denoise({
    plan: planOf(ddim(), 20),
    x: start,
    batch: 1,
    noise: () => {
      throw new Error("no noise was planned");
    },
    guidance: none(),
    predict: exact({ positive: clusters }),
    ...options,
  }));
}

/** Every number within a tolerance. */
export function assertClose(
  actual: Float32Array,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  for (let i = 0; i < expected.length; i++) {
    assertAlmostEquals(actual[i]!, expected[i]!, tolerance);
  }
}
