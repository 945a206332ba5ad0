// Expected values: diffusers 0.40.0.dev0 @ 58eb52c080 on torch 2.13, generator seed 0, on the sample of its own
// scheduler tests. The first is asserted there (test_scheduler_score_sde_ve.py, test_full_loop_no_noise);
// the others were computed by calling its schedulers in their pipelines' order.
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { adaptive } from "./adaptive.ts";
import { gaussianNoise } from "../random/gaussian.ts";
import { score } from "../plan/prediction.ts";
import { veSde } from "../schedules/sde.ts";
import { scoreSde } from "./score_sde.ts";
import { predictorCorrector } from "./predictor_corrector.ts";
import { reverseDiffusion } from "../solvers/reverse_sde.ts";
import { torchRandom } from "../random/torch_random.ts";
import type { Trajectory } from "../plan/trajectory.ts";

Deno.test("scoreSde() refuses steps and corrections without end", () => {
  const x = new Float32Array(1);
  const noise = gaussianNoise(torchRandom(0));
  const _class_name = "ScoreSdeVeScheduler";
  for (const correct_steps of [1e9, -1, 0.5, NaN]) {
    const make = () => scoreSde({ _class_name, correct_steps }, x, { steps: 2, noise });
    assertThrows(make, RangeError, `correct_steps is ${correct_steps}; expected`);
  }
  const many = () => scoreSde({ _class_name }, x, { steps: 1e9, noise });
  assertThrows(many, RangeError, "steps is 1000000000; expected a whole number from 2 to 100000");
});

/** diffusers' `dummy_sample_deter`: a ramp over [4, 3, 8, 8] in which the batch index runs fastest. */
function ramp(scale = 1): Float32Array {
  return Float32Array.from(
    { length: 768 },
    (_, i) => scale * ((i % 192) * 4 + Math.floor(i / 192)) / 768,
  );
}

function run(
  trajectory: Trajectory,
  model: (x: number, t: number) => number,
): [sum: number, first: number[]] {
  while (!trajectory.done) {
    const t = trajectory.t;
    trajectory.step(trajectory.x.map((x) => model(x, t)));
  }
  const sum = trajectory.x.reduce((total, value) => total + Math.abs(value), 0);
  return [sum, [...trajectory.x.subarray(0, 4)]];
}

function assertClose(
  actual: readonly number[],
  expected: readonly number[],
  relative: number,
): void {
  actual.forEach((value, i) =>
    assertAlmostEquals(value, expected[i]!, relative * Math.abs(expected[i]!))
  );
}

const noise = () => gaussianNoise(torchRandom(0));
/** diffusers' `dummy_model`. */
const dummy = (x: number, t: number): number => x * t / (t + 1);

Deno.test("predictorCorrector() gives the sum of diffusers' own ScoreSdeVe test", () => {
  // The test sets three sigmas while the scheduler still has its 2000 times, so that the model is told the
  // first three of 2000 sigmas.
  const ratio = 1348 / 0.01;
  const levels = [1, 0.5, 0].map((u, i) => ({
    t: 0.01 * ratio ** (1 - i / 1999),
    alpha: 1,
    sigma: 0.01 * ratio ** u,
  }));
  levels.push({ t: 0, alpha: 1, sigma: 0 });
  const predictor = reverseDiffusion({ denoise: false });
  const sampler = predictorCorrector(ramp(), levels, veSde(), noise(), {
    predictor,
    snr: 0.15,
    batch: 4,
  });
  const [sum] = run(adaptive(sampler, score), dummy);
  assertClose([sum], [14372758528], 1e-5);
});

Deno.test("scoreSde() gives diffusers' ScoreSdeVe run", () => {
  const config = { _class_name: "ScoreSdeVeScheduler", sigma_max: 50, snr: 0.16 } as const;
  const trajectory = scoreSde(config, ramp(50), { steps: 5, noise: noise(), batch: 4 });
  const [sum, first] = run(trajectory, (x, sigma) => -x / (sigma ** 2 + 1));
  assertClose([sum], [2547.11963], 2e-5);
  assertClose(first, [1.2140737, 1.1240929, -2.1736853, 0.46733618], 1e-4);
  assertEquals(trajectory.total, 10);
});

Deno.test("scoreSde() gives diffusers' ScoreSdeVp run", () => {
  const config = { _class_name: "ScoreSdeVpScheduler" } as const;
  const trajectory = scoreSde(config, ramp(), { steps: 5, noise: noise() });
  const [sum, first] = run(trajectory, dummy);
  assertClose([sum], [80.0045882], 2e-5);
  assertClose(first, [-0.022529483, -0.037306964, 0.13623297, -0.051419944], 1e-4);
});

Deno.test("scoreSde() names steps that cannot be", () => {
  for (const steps of [0, 1, 2.5, NaN]) {
    assertThrows(
      () => scoreSde({ _class_name: "ScoreSdeVpScheduler" }, ramp(), { steps, noise: noise() }),
      RangeError,
      `steps is ${steps}`,
    );
  }
});
