/**
 * What a classifier is shown, where the sampler's samples are not what the networks were trained on:
 * data and classifier are Gaussian, so that the guided field is the conditional one.
 */
import { assert, assertAlmostEquals } from "@std/assert";
import { classifierGuidance } from "@shum/guidance";
import type { Denoiser } from "@shum/models";
import { betas, discreteSchedule } from "@shum/schedulers";
import { drain, Lazy, type PredictGradient, type RunOptions, Unconditional } from "./mod.ts";

const schedule = discreteSchedule(betas("linear", { start: 0.0001, end: 0.02, length: 1000 }));

/** Data is N(0, prior), and y = x0 + N(0, width). */
const prior = 0.25, width = 0.04, y = 0.6;
const posterior = 1 / (1 / prior + 1 / width);
const mean = posterior * y / width;

/** E[eps | x_t] of N(mean, variance), of samples with alpha² + sigma² = 1 as all DDPMs are trained on. */
function denoiserOf(mean: number, variance: number): Denoiser {
  return {
    device: "cpu",
    config: { in_channels: 3, out_channels: 3 },
    inputs: [],
    learnedVariance: false,
    predict(x, _shape, t, conditions) {
      const { alpha, sigma } = schedule.at(t);
      const out = x.map((value) =>
        sigma * (value - alpha * mean) / (alpha ** 2 * variance + sigma ** 2)
      );
      return Promise.resolve(conditions.map(() => out));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** d log p(y | x_t) / d x_t for the same samples: y is N(gain x_t, spread). */
const classifier: PredictGradient = (x, t) => {
  const { alpha, sigma } = schedule.at(t);
  const total = alpha ** 2 * prior + sigma ** 2;
  const gain = alpha * prior / total;
  const spread = prior * sigma ** 2 / total + width;
  return Promise.resolve(x.map((value) => gain * (y - gain * value) / spread));
};

async function end(denoiser: Denoiser, options: RunOptions): Promise<Float32Array> {
  await using model = new Unconditional({
    scheduler: { _class_name: "DDIMScheduler", clip_sample: false },
    denoiser: new Lazy(() => Promise.resolve(denoiser)),
    channels: 3,
    vaeScaleFactor: 1,
    defaults: { steps: 50, guidanceScale: 1, width: 8, height: 8 },
  });
  let x = new Float32Array();
  const stream = model.stream({}, { seed: 3, ...options });
  await drain((async function* () {
    for await (const preview of stream) yield x = Float32Array.from(preview.x);
  })());
  return x;
}

for (const sampler of ["ddim", "euler", "dpmpp_2m"]) {
  Deno.test(`a classifier guides to the conditional by ${sampler}, whatever the samples' scale`, async () => {
    const guidance = classifierGuidance({ scale: 1 });
    const guided = await end(denoiserOf(0, prior), { sampler, guidance, networks: { classifier } });
    const expected = await end(denoiserOf(mean, posterior), { sampler });
    guided.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-4));
    const average = guided.reduce((sum, value) => sum + value, 0) / guided.length;
    assertAlmostEquals(average, mean, 4 * Math.sqrt(posterior / guided.length) + 0.01);
  });
}

Deno.test("Euler's samples are of another scale, so that the tests above tell the two apart", async () => {
  const guidance = classifierGuidance({ scale: 1 });
  const unscaled: PredictGradient = async (x, t) => {
    const { alpha } = schedule.at(t);
    return (await classifier(x, t)).map((value) => value / alpha); // as though x were not scaled
  };
  const wrong = await end(denoiserOf(0, prior), {
    sampler: "euler",
    guidance,
    networks: { classifier: unscaled },
  });
  const expected = await end(denoiserOf(mean, posterior), { sampler: "euler" });
  assert(wrong.some((value, i) => Math.abs(value - expected[i]!) > 0.02));
});
