import { assertAlmostEquals, assertEquals } from "@std/assert";
import { gaussianNoise } from "../random/gaussian.ts";
import { torchRandom } from "../random/torch_random.ts";
import type { ScoreSdeConfig } from "./score_sde.ts";
import { continuousProcess } from "./continuous_process.ts";
import { type ScoreMethod, scoreMethods, scoreSampler } from "./score_sampler.ts";

/** Data N(2, 0.5²), as each kind of network would know it. */
const deviation = 0.5, center = 2;
const CONFIGS: readonly [ScoreSdeConfig, (x: number, told: number) => number][] = [
  // Told sigma, gives the score.
  [
    { _class_name: "ScoreSdeVeScheduler", sigma_min: 0.01, sigma_max: 50 },
    (x, sigma) => (center - x) / (sigma ** 2 + deviation ** 2),
  ],
  // Told 999 t, gives the noise.
  [{ _class_name: "ScoreSdeVpScheduler" }, (x, told) => {
    const t = told / 999, logAlpha = -t * (0.05 + 19.9 * t / 4);
    const alpha = Math.exp(logAlpha), sigma = Math.sqrt(1 - alpha ** 2);
    return sigma * (x - alpha * center) / (sigma ** 2 + (alpha * deviation) ** 2);
  }],
];

const gathering = scoreMethods.filter((method): method is ScoreMethod => method !== "sgld");
for (const [config, network] of CONFIGS) {
  for (const method of gathering) {
    Deno.test(`${method} samples ${config._class_name}'s data by what its network is told`, () => {
      const { sde, prediction } = continuousProcess(config);
      const noise = gaussianNoise(torchRandom(3)), z = new Float32Array(4000);
      noise(z);
      const run = scoreSampler(method, sde, prediction, z, { noise, steps: 400 });
      while (!run.done) run.step(run.x.map((x) => network(run.cIn * x, run.t)));
      const mean = run.x.reduce((sum, x) => sum + x / z.length, 0);
      const square = run.x.reduce((sum, x) => sum + (x - mean) ** 2 / z.length, 0);
      assertAlmostEquals(mean, center, 0.06);
      assertAlmostEquals(Math.sqrt(square), deviation, 0.06);
    });
  }
}

Deno.test("continuousProcess() views a discrete schedule in either scaling", () => {
  const config = { _class_name: "DDIMScheduler" };
  assertEquals(continuousProcess(config).sde.at(0.5).alpha < 1, true);
  assertEquals(continuousProcess(config, "ve").sde.at(0.5).alpha, 1);
});
