import { assert, assertAlmostEquals, assertThrows } from "@std/assert";
import { drive } from "./adaptive.ts";
import { likelihood } from "./likelihood.ts";
import { Mixture, plane } from "./_mixture_test.ts";
import { score } from "../plan/prediction.ts";
import { type Sde, subVpSde, veSde, vpSde } from "../schedules/sde.ts";
import { torchRandom } from "../random/torch_random.ts";

const points = Float32Array.of(-1, 0.5, 0.8, -0.3, 0, 0, 1.4, 1, -0.7, 0.9, -2.5, 1);
const processes: Record<string, Sde> = {
  VP: vpSde(),
  "sub-VP": subVpSde(),
  // The prior leaves the data's own spread out, so sigmaMax is large beside it.
  VE: veSde({ sigmaMin: 0.01, sigmaMax: 500 }),
};

for (const [name, sde] of Object.entries(processes)) {
  Deno.test(`likelihood() of a mixture by the ${name} flow is its closed form`, async () => {
    const from = 1e-3, batch = points.length / 2;
    const result = await drive(
      likelihood(points, sde, torchRandom(0), { from, batch, probes: 0 }),
      score,
      (x, t) => plane.score(x, sde.at(t)),
    );
    for (let b = 0; b < batch; b++) {
      const expected = plane.logDensity(points, 2 * b, sde.at(from));
      assertAlmostEquals(result.logLikelihood[b]!, expected, 2e-3 * (1 + Math.abs(expected)));
      assertAlmostEquals(result.bitsPerDim[b]!, -expected / (2 * Math.LN2), 0.03);
    }
  });
}

Deno.test("likelihood() by Hutchinson's estimator is the closed form within its spread", async () => {
  const dimension = 16, batch = 64, from = 1e-3, sde = vpSde();
  const component = (sign: number) => ({
    weight: 0.5,
    mean: Array.from({ length: dimension }, (_, d) => sign * Math.cos(d) / 2),
    deviation: 0.4,
  });
  const mixture = new Mixture([component(1), component(-1)]);
  const x = new Float32Array(batch * dimension);
  torchRandom(1).fill(x);
  for (let i = 0; i < x.length; i++) x[i] = 0.4 * x[i]! + component(1).mean[i % dimension]!;
  const { logLikelihood } = await drive(
    likelihood(x, sde, torchRandom(2), { from, batch, probes: 4 }),
    score,
    (x, t) => Promise.resolve(mixture.score(x, sde.at(t))),
  );
  let sum = 0, square = 0;
  for (let b = 0; b < batch; b++) {
    const error = logLikelihood[b]! - mixture.logDensity(x, b * dimension, sde.at(from));
    sum += error;
    square += error ** 2;
  }
  const spread = Math.sqrt(square / batch);
  assert(spread > 1e-3 && spread < 1, `spread ${spread}`); // the estimator is random, but not wild
  assert(Math.abs(sum / batch) < 4 * spread / Math.sqrt(batch), `bias ${sum / batch}`);
});

Deno.test("likelihood() adds the offset of the data's scale to bits per dimension", async () => {
  const sde = vpSde(), x = Float32Array.of(0.1, 0.2);
  const bits = async (offset: number) =>
    (await drive(
      likelihood(x, sde, torchRandom(0), { offset, probes: 0, from: 0.01 }),
      score,
      (x, t) => plane.score(x, sde.at(t)),
    )).bitsPerDim[0]!;
  assertAlmostEquals(await bits(7) - await bits(0), 7, 1e-12);
});

Deno.test("likelihood() names settings that cannot be", () => {
  const begin = (options: object) =>
    likelihood(points, vpSde(), torchRandom(0), options).next(points);
  assertThrows(() => begin({ batch: 5 }), RangeError, "batch is 5");
  assertThrows(() => begin({ probes: 0.5 }), RangeError, "probes is 0.5");
  assertThrows(() => begin({ distance: 0 }), RangeError, "distance is 0");
  assertThrows(() => begin({ from: 0 }), RangeError, "from is 0");
});
