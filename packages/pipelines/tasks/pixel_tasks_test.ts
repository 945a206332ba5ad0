/** Tasks of pixel models, with the exact denoiser of Gaussian colours in the place of a network. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { classifierGuidance } from "@shum/guidance";
import type { Denoiser } from "@shum/models";
import { betas, discreteSchedule } from "@shum/schedulers";
import { type Image, Lazy, type Picture, Unconditional } from "../mod.ts";

/** The schedule of DDPM, as the scheduler's defaults have it. */
const schedule = discreteSchedule(betas("linear", { start: 0.0001, end: 0.02, length: 1000 }));

/** Colours are `mean + spread k direction + 0.05 z`, with k and z normal: they vary along a line. */
const direction = [0.8, 0.6, 0], spread = 0.4, width = 0.05;

/** E[eps | x_t] of colours that vary along the line, around `mean`. */
function exactDenoiser(mean: readonly number[]): Denoiser {
  return {
    device: "cpu",
    config: { in_channels: 3, out_channels: 3 },
    inputs: [],
    learnedVariance: false,
    predict(x, [batch, , height, columns], t, conditions) {
      const { alpha, sigma } = schedule.at(t);
      const size = height * columns;
      const out = new Float32Array(x.length);
      const across = sigma / (alpha ** 2 * width ** 2 + sigma ** 2);
      const along = sigma / (alpha ** 2 * (spread ** 2 + width ** 2) + sigma ** 2);
      for (let b = 0; b < batch; b++) {
        for (let i = 0; i < size; i++) {
          const at = (c: number) => (3 * b + c) * size + i;
          const off = [0, 1, 2].map((c) => x[at(c)]! - alpha * mean[c]!);
          const k = off.reduce((sum, value, c) => sum + value * direction[c]!, 0);
          for (let c = 0; c < 3; c++) {
            out[at(c)] = across * (off[c]! - k * direction[c]!) + along * k * direction[c]!;
          }
        }
      }
      return Promise.resolve(conditions.map(() => out));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function modelOf(
  mean: readonly number[] = [0, 0, 0],
  range: readonly [number, number] = [-1, 1],
  trained: Record<string, unknown> = {},
): Unconditional {
  return new Unconditional({
    scheduler: { _class_name: "DDPMScheduler", clip_sample: false, ...trained },
    denoiser: new Lazy(() => Promise.resolve(exactDenoiser(mean))),
    channels: 3,
    vaeScaleFactor: 1,
    sizeMultiple: 1,
    range,
    defaults: { steps: 100, guidanceScale: 1, width: 16, height: 16 },
  });
}

/** Mean and deviation of a channel, in [-1, 1]. */
function moments({ data }: Image, c: number): { mean: number; deviation: number } {
  const values = Array.from(data).filter((_, i) => i % 3 === c).map((byte) => byte / 127.5 - 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}

function flat(rgb: readonly number[], size = 16): Picture {
  const data = Uint8Array.from({ length: size * size * 3 }, (_, i) => rgb[i % 3]!);
  return { width: size, height: size, data };
}

Deno.test("Unconditional samples the colours that its denoiser knows", async () => {
  await using model = modelOf([0.2, -0.1, 0.4]);
  const [image] = await model.generate({}, { seed: 0, steps: 1000, width: 32, height: 32 });
  for (const [c, mean] of [0.2, -0.1, 0.4].entries()) {
    const seen = moments(image!, c);
    const deviation = Math.hypot(spread * direction[c]!, width);
    // 1024 pixels: the mean is known to deviation / 32.
    assertAlmostEquals(seen.mean, mean, 4 * deviation / 32 + 0.005);
    assertAlmostEquals(seen.deviation, deviation, 0.15 * deviation);
  }
});

Deno.test("Unconditional is steered by a classifier to the density that it tilts", async () => {
  // log p(y | x0) = k direction . x0 tilts N(0, C) to N(C k direction, C), and at x_t its gradient is
  // alpha C / (alpha^2 C + sigma^2) k direction, C's eigenvalue along the line being v.
  const k = 2, v = spread ** 2 + width ** 2;
  const classifier = (x: Float32Array, t: number): Promise<Float32Array> => {
    const { alpha, sigma } = schedule.at(t);
    const size = x.length / 3;
    const slope = alpha * v / (alpha ** 2 * v + sigma ** 2) * k;
    return Promise.resolve(x.map((_, i) => slope * direction[Math.floor(i / size)]!));
  };
  await using model = modelOf();
  for (const [scale, form] of [[1, "ddim"], [-0.5, "ddim"], [1, "ddpm"]] as const) {
    const guidance = classifierGuidance({ scale, form });
    const [image] = await model.generate({}, {
      seed: 0,
      steps: 500,
      width: 32,
      height: 32,
      guidance,
      networks: { classifier },
    });
    for (const c of [0, 1, 2]) {
      const wanted = scale * k * v * direction[c]!;
      // 1024 pixels of deviation up to 0.33, and 500 steps
      assertAlmostEquals(moments(image!, c).mean, wanted, 0.04, `${form} ${scale}`);
    }
  }
});

Deno.test("Colorize keeps the grey of every pixel and finds the colour that goes with it", async () => {
  await using model = modelOf();
  // Of x = k d the mean of the channels is k (0.8 + 0.6) / 3, so grey g means k = 3 g / 1.4.
  for (const grey of [-0.15, 0.2]) {
    const byte = Math.round(127.5 + 127.5 * grey);
    const image = flat([byte, byte, byte]);
    const [made] = await model.colorize.generate({ image }, { seed: 5 });
    const [red, green, blue] = [0, 1, 2].map((c) => moments(made!, c).mean);
    const exact = byte / 127.5 - 1;
    for (let i = 0; i < made!.data.length; i += 3) {
      const mean = (made!.data[i]! + made!.data[i + 1]! + made!.data[i + 2]!) / 3;
      assertAlmostEquals(mean, byte, 0.7); // three bytes, each rounded
    }
    const k = 3 * exact / 1.4;
    // Replacement is an approximation of the posterior (the paper's appendix I); the sign and size hold.
    assertAlmostEquals(red!, 0.8 * k, 0.25 * Math.abs(k));
    assertAlmostEquals(green!, 0.6 * k, 0.25 * Math.abs(k));
    assertAlmostEquals(blue!, 0, 0.25 * Math.abs(k));
  }
});

Deno.test("PixelInpaint keeps the known pixels and fills the others from the model", async () => {
  await using model = modelOf([0.5, 0.5, -0.5]);
  const image = flat([10, 200, 90]);
  const data = Uint8Array.from({ length: 256 }, (_, i) => i < 128 ? 0 : 255); // lower half anew
  const [made] = await model.inpaint.generate(
    { image, mask: { width: 16, height: 16, data } },
    { seed: 1 },
  );
  assertEquals(made!.data.slice(0, 128 * 3), image.data.slice(0, 128 * 3));
  const lower = { ...made!, height: 8, data: made!.data.slice(128 * 3) };
  assertAlmostEquals(moments(lower, 2).mean, -0.5, 0.03);
  assertAlmostEquals(moments(lower, 2).deviation, width, 0.02);
});

Deno.test("DenoiseImage gives the posterior: noise across the line goes, a shift along it stays", async () => {
  await using model = modelOf();
  // The colour 0.4 d, with noise of deviation 0.2 = 25.5 steps of 8 bits.
  const noise = 25.5, size = 32;
  const clean = direction.map((d) => 0.4 * d);
  let state = 1;
  const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const data = Uint8Array.from(
    { length: size * size * 3 },
    (_, i) =>
      Math.min(255, Math.max(0, Math.round(127.5 + 127.5 * clean[i % 3]! + noise * normal()))),
  );
  const input = { image: { width: size, height: size, data }, noise };
  const [made] = await model.denoiseImage.generate(input, { seed: 2, steps: 100 });
  const before = moments({ ...made!, data }, 2).deviation, after = moments(made!, 2).deviation;
  assertAlmostEquals(before, 0.2, 0.02);
  assert(after < 0.08, `blue, where data has deviation 0.05, still has ${after}`);
  // Along the line the posterior mean is 0.16 / (0.16 + 0.04) of what is seen.
  assertAlmostEquals(moments(made!, 0).mean, 0.8 * clean[0]!, 0.05);
});

Deno.test("DenoiseImage runs fewer steps the less noise there is", async () => {
  await using model = modelOf();
  const counts: number[] = [];
  for (const noise of [2, 50, 1e5]) {
    let count = 0;
    const stream = model.denoiseImage.stream({ image: flat([9, 9, 9]), noise }, { seed: 0 });
    for await (const _ of stream) count++;
    counts.push(count);
  }
  assert(counts[0]! < counts[1]! && counts[1]! < counts[2]!, `${counts}`);
  assertEquals(counts[2], 100);
});

Deno.test("DenoiseImage begins at a step of two calls, also where the first step of a run has one", async () => {
  const schedule = { beta_schedule: "squaredcos_cap_v2", prediction_type: "v_prediction" };
  await using model = modelOf([0, 0, 0], [-1, 1], { ...schedule, timestep_spacing: "trailing" });
  const calls = (noise: number, sampler: string) =>
    model.denoiseImage.plan({ image: flat([9, 9, 9]), noise }, { steps: 10, sampler }).calls;
  for (const sampler of ["heun", "dpm2", "dpm2_a"]) {
    assertEquals(calls(1e9, sampler), 18); // 1, then 8 of 2, and 1 to end
    assertEquals(calls(127.5, sampler), 9); // from the sixth of the ten levels
  }
});

Deno.test("DenoiseImage keeps a picture of almost no noise, whatever a model's values of black and white", async () => {
  const picture = flat([200, 60, 120]);
  for (const range of [[-1, 1], [0, 1]] as const) {
    await using model = modelOf([0.3, 0.3, 0.3], range);
    const [made] = await model.denoiseImage.generate({ image: picture, noise: 0.5 }, { seed: 0 });
    const furthest = Math.max(...made!.data.map((v, i) => Math.abs(v - picture.data[i]!)));
    // The least level of a run of 100 steps has some noise of its own; a wrong range is off by 55.
    assert(furthest <= 20, `with black ${range[0]} and white ${range[1]}, off by ${furthest}`);
  }
});

Deno.test("tasks of pixels refuse models of latents and masks of another size", async () => {
  const latent = new Unconditional({
    scheduler: { _class_name: "DDPMScheduler" },
    denoiser: new Lazy(() => Promise.reject(new Error("opened"))),
    channels: 4,
    vaeScaleFactor: 8,
    sizeMultiple: 8,
    defaults: { steps: 10, guidanceScale: 1, width: 16, height: 16 },
  });
  const image = flat([9, 9, 9]);
  const refused = () => latent.denoiseImage.generate({ image, noise: 9 });
  await assertRejects(refused, TypeError, "4 channels; expected a model of RGB");
  await using model = modelOf();
  const mask = flat([0, 0, 0], 8);
  await assertRejects(() => model.inpaint.generate({ image, mask }), RangeError, "8x8");
});
