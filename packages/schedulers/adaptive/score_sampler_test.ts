import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { gaussianNoise } from "../random/gaussian.ts";
import { plane } from "./_mixture_test.ts";
import { score } from "../plan/prediction.ts";
import { type ScoreMethod, scoreMethods, scoreSampler } from "./score_sampler.ts";
import { betas } from "../schedules/betas.ts";
import { continuousView } from "../schedules/continuous_view.ts";
import { discreteSchedule } from "../schedules/discrete.ts";
import { veSde, vpSde } from "../schedules/sde.ts";
import { annealingStep } from "../solvers/langevin.ts";
import { torchRandom } from "../random/torch_random.ts";
import { trainedProcess } from "../config/trained_process.ts";

const POINTS = 600;
const linear = discreteSchedule(betas("linear", { start: 1e-4, end: 0.02, length: 1000 }));

for (const method of scoreMethods.filter((method) => method !== "sgld")) {
  for (
    const [name, sde] of [
      ["the VP view of a discrete schedule", continuousView(linear)],
      ["its VE view", continuousView(linear, "ve")],
      ["vpSde()", vpSde()],
      ["veSde()", veSde({ sigmaMin: 0.01, sigmaMax: 20 })],
    ] as const
  ) {
    Deno.test(`scoreSampler("${method}") samples the exact mixture in ${name}`, () => {
      const noise = gaussianNoise(torchRandom(3)), z = new Float32Array(2 * POINTS);
      noise(z);
      const options = { noise, steps: method === "ode" ? 0 : 600, batch: POINTS, tolerance: 1e-4 };
      const run = scoreSampler(method, sde, score, z, options);
      while (!run.done) run.step(plane.score(run.x, run.level));
      plane.assertSampled(run.x, { t: 0, alpha: 1, sigma: 0.02 });
    });
  }
}

Deno.test('scoreSampler("sgld") stays at its level', () => {
  const noise = gaussianNoise(torchRandom(0));
  const run = scoreSampler("sgld", veSde(), score, new Float32Array(4), { noise, steps: 10 });
  const levels = new Set<number>();
  while (!run.done) {
    levels.add(Math.round(1e6 * run.level.sigma));
    run.step(new Float32Array(4));
  }
  assertEquals([...levels], [100000]);
});

Deno.test("scoreSampler() tells a network of timesteps where it is, in every method", () => {
  const { prediction } = trainedProcess({ _class_name: "DDPMScheduler" });
  for (const method of scoreMethods) {
    const noise = gaussianNoise(torchRandom(0));
    const run = scoreSampler(method, continuousView(linear), prediction, Float32Array.of(1), {
      noise,
      steps: 8,
    });
    while (!run.done) {
      const { level, t } = run;
      const { alpha, sigma } = linear.at(Math.round(t));
      assertAlmostEquals(Math.log(sigma / alpha), Math.log(level.sigma / level.alpha), 0.5);
      run.step(run.x.map((x) => level.sigma * x / (level.alpha ** 2 + level.sigma ** 2)));
    }
  }
});

Deno.test("scoreSampler() names what cannot be", () => {
  const run = (method: string, more: object) => () =>
    scoreSampler(method as ScoreMethod, veSde(), score, new Float32Array(1), {
      noise: () => {},
      ...more,
    });
  assertThrows(run("euler", {}), RangeError, "predictor-corrector");
  assertThrows(run("langevin", { sigmaMax: 60 }), RangeError, "sigmaMax is 60");
  assertThrows(run("reverse-sde", { steps: 1.5 }), RangeError, "steps is 1.5");
});

Deno.test("annealingStep() comes near NCSNv2's own settings", () => {
  // (levels, epsilon) of the paper's table; its authors rounded.
  for (
    const [sigmaMax, levels, epsilon, n] of [[50, 232, 6.2e-6, 5], [90, 500, 3.3e-6, 5]] as const
  ) {
    const step = annealingStep((sigmaMax / 0.01) ** (1 / (levels - 1)), n);
    assertAlmostEquals(step / (epsilon / 0.01 ** 2), 1, 0.1);
  }
});
