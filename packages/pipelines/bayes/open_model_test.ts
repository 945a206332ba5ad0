/** The tiny Stable Diffusion of tests/fixtures, as functions. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { cfgPlusPlus } from "@shum/guidance";
import { scoreMethods, torchRandom } from "@shum/schedulers";
import {
  blockMeasurement,
  classify,
  fromPretrained,
  greyMeasurement,
  maskMeasurement,
  pictureBound,
  pictureLikelihood,
  type TextToImage,
  toTensor,
  wholeMeasurement,
} from "../mod.ts";

const fixtures = new URL("../../../tests/fixtures/pipelines/", import.meta.url).pathname;
const size = { width: 64, height: 64 };

async function open(): Promise<TextToImage> {
  const model = await fromPretrained(`${fixtures}sd`, { device: "cpu", optimisedCacheDir: false });
  assert(model.kind === "text-to-image");
  return model;
}

function picture(width: number, height: number, channels = 3) {
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => 40 + (i * i * 31 + i * 7) % 170,
  );
  return { width, height, data };
}
function noise(length: number, seed = 0): Float32Array {
  const x = new Float32Array(length);
  torchRandom(seed).fill(x);
  return x;
}

Deno.test("an open model guides as a run does, from its prompts' own outputs", async () => {
  await using pipeline = await open();
  const prompt = ["a cat", ""];
  await using plain = await pipeline.open({ prompt }, size);
  await using guided = await pipeline.open({ prompt: "a cat" }, { ...size, guidanceScale: 3 });
  const x = noise(plain.size.reduce((a, b) => a * b));
  const [cat, none] = await plain.predictEach(x, 500);
  const mixed = await guided.predict(x, 500);
  mixed.forEach((value, i) => {
    assertAlmostEquals(value, none![i]! + 3 * (cat![i]! - none![i]!), 1e-4);
  });
  const [again] = await plain.predictEach(x, 500, [1]);
  again!.forEach((value, i) => assertAlmostEquals(value, none![i]!, 1e-5));
});

Deno.test("an open model takes several samples at once", async () => {
  await using pipeline = await open();
  await using model = await pipeline.open({ prompt: "a cat" }, size);
  const length = model.size.reduce((a, b) => a * b), [a, b] = [noise(length, 1), noise(length, 2)];
  const both = await model.predict(new Float32Array([...a, ...b]), 300);
  const alone = await model.predict(b, 300);
  alone.forEach((value, i) => assertAlmostEquals(both[length + i]!, value, 1e-5));
  assertEquals((await model.toImages(new Float32Array([...a, ...b]), [7, 8])).map((i) => i.seed), [
    7,
    8,
  ]);
});

Deno.test("an open model refuses guidance that changes how a plan is run", async () => {
  await using pipeline = await open();
  const wrong = pipeline.open({ prompt: "a cat" }, { ...size, guidance: cfgPlusPlus() });
  await assertRejects(() => wrong, TypeError, "raw outputs");
});

for (const method of scoreMethods) {
  Deno.test(`ScoreBased makes the same picture of a seed by ${method}, alone or in a batch`, async () => {
    await using pipeline = await open();
    const input = { prompt: "a cat", method, tolerance: 0.2 };
    const run = { ...size, steps: 4, guidanceScale: 2 };
    const batch = await pipeline.scoreBased.generate(input, { ...run, seeds: [3, 4] });
    const [alone] = await pipeline.scoreBased.generate(input, { ...run, seed: 4 });
    assertEquals(batch.map(({ seed }) => seed), [3, 4]);
    assertEquals(alone!.data, batch[1]!.data);
    assert(alone!.data.some((value, i) => value !== batch[0]!.data[i]));
  });
}

Deno.test("Restore ends in a picture that agrees with what was given, whatever the network dreams of", async () => {
  await using pipeline = await open();
  const mask = {
    ...size,
    data: Uint8Array.from({ length: 64 * 64 }, (_, i) => i % 64 < 20 ? 255 : 0),
  };
  const cases = [
    { image: picture(64, 64, 1), measurement: greyMeasurement() },
    { image: picture(16, 16), measurement: blockMeasurement(4) },
    {
      image: picture(64, 64),
      measurement: maskMeasurement(mask),
      travel: { length: 2, repeats: 2 },
    },
  ];
  for (const input of cases) {
    const { measurement, image } = input;
    const [made] = await pipeline.restore.generate(input, { seed: 1, steps: 4 });
    assertEquals([made!.width, made!.height], [64, 64]);
    const given = measurement.read(image, 64, 64);
    const seen = measurement.seen(toTensor(made!), 64, 64);
    let away = 0;
    seen.forEach((value, i) => away += Math.abs(value - given[i]!) / seen.length);
    // Pixels that would leave 0 to 255 are cut off, all others are exact to their 8 bits.
    assert(away < 0.05, `${measurement.name}: ${away}`);
    const [again] = await pipeline.restore.generate(input, { seed: 1, steps: 4 });
    const [other] = await pipeline.restore.generate(input, { seed: 2, steps: 4 });
    assertEquals(again!.data, made!.data);
    assert(other!.data.some((value, i) => value !== made!.data[i]), measurement.name);
  }
});

Deno.test("Restore keeps less of a noisy picture than of a clean one", async () => {
  await using pipeline = await open();
  const image = picture(64, 64), measurement = wholeMeasurement();
  const away = async (noise: number) => {
    const [made] = await pipeline.restore.generate({ image, measurement, noise }, {
      seed: 1,
      steps: 4,
    });
    return made!.data.reduce((sum, value, i) => sum + Math.abs(value - image.data[i]!), 0);
  };
  assertEquals(await away(0), 0);
  assert(await away(0.2) > 64 * 64 * 3);
});

Deno.test("Restore travels in time with as many calls as the stretches are made", async () => {
  await using pipeline = await open();
  const input = { image: picture(64, 64), measurement: greyMeasurement() };
  for (const [travel, calls] of [[{ length: 2, repeats: 3 }, 12], [undefined, 4]] as const) {
    let count = 0;
    const stream = pipeline.restore.stream({ ...input, travel }, { seed: 1, steps: 4 });
    while (!(await stream.next()).done) count++;
    assertEquals(count, calls);
  }
});

Deno.test("classify() gives every label a probability, gives up those far behind, and repeats itself", async () => {
  await using pipeline = await open();
  await using model = await pipeline.open({ prompt: ["a cat", "the sea", "a dog"] }, size);
  const x0 = await model.fromPixels(toTensor(picture(64, 64)));
  const found = await classify(model, x0, { draws: 12, seed: 5 });
  const total = found.labels.reduce((sum, { probability }) => sum + probability, 0);
  assertAlmostEquals(total, 1, 1e-9);
  assertEquals(found.labels.map(({ index }) => index).toSorted(), [0, 1, 2]);
  assert(found.labels.every(({ behind, draws }) => behind >= 0 || draws < 12));
  assertEquals(await classify(model, x0, { draws: 12, seed: 5 }), found);
  const whole = await classify(model, x0, { draws: 12, seed: 5, eliminate: false });
  assertEquals(whole.evaluations, 36);
  assertEquals(whole.labels[0]!.index, found.labels[0]!.index);
});

Deno.test("classify() believes a prior where pictures say nothing", async () => {
  await using pipeline = await open();
  await using model = await pipeline.open({ prompt: ["a cat", "a cat"] }, size);
  const x0 = await model.fromPixels(toTensor(picture(64, 64)));
  const { labels } = await classify(model, x0, { draws: 4, prior: [0.2, 0.8] });
  assertEquals(labels.map(({ index }) => index), [1, 0]);
  assertAlmostEquals(labels[0]!.probability, 0.8, 1e-3);
  await assertRejects(() => classify(model, x0, { prior: [1] }), RangeError, "expected 2 numbers");
  await assertRejects(() => classify(model, x0, { draws: 1 }), RangeError, "1 draws");
});

Deno.test("pictureBound() and pictureLikelihood() speak of one picture in bits of its latents", async () => {
  await using pipeline = await open();
  await using model = await pipeline.open({ prompt: "a cat" }, { ...size, guidanceScale: 1 });
  const x0 = await model.fromPixels(toTensor(picture(64, 64)));
  const bound = await pictureBound(model, x0, { steps: 10 });
  assertEquals([bound.calls, bound.terms.length], [10, 9]);
  const sum = bound.prior + bound.decoder + bound.terms.reduce((a, b) => a + b, 0);
  assertAlmostEquals(bound.total, sum, 1e-9);
  const flow = await pictureLikelihood(model, x0, { rtol: 0.3, atol: 0.3 });
  assert(Number.isFinite(flow.bitsPerDim[0]!));
  assertEquals(flow.latent.length, x0.length);
});

Deno.test("a model of pixels opens, repairs a picture and bounds it, without a VAE", async () => {
  const pipeline = await fromPretrained(`${fixtures}ddpm`, {
    device: "cpu",
    optimisedCacheDir: false,
    kind: "unconditional",
  });
  await using _ = pipeline;
  const { width, height } = pipeline.defaults;
  const image = picture(width / 2, height / 2), measurement = blockMeasurement(2);
  const given = measurement.read(image, width, height);
  const stream = pipeline.restore.stream({ image, measurement }, { seed: 1, steps: 4 });
  let next = await stream.next(), last = new Float32Array();
  for (; !next.done; next = await stream.next()) last = Float32Array.from(next.value.x0);
  const [made] = next.value;
  assertEquals([made!.width, made!.height], [width, height]);
  // Here nothing lies between what is kept and what is seen but the rounding of float32.
  measurement.seen(last, width, height).forEach((value, i) =>
    assertAlmostEquals(value, given[i]!, 1e-5)
  );
  const wrong = pipeline.restore.generate({ image, measurement, prompt: "a cat" }, { seed: 1 });
  await assertRejects(() => wrong, TypeError, "reads no prompts");

  await using model = await pipeline.open();
  const x0 = await model.fromPixels(toTensor(made!));
  const [again] = await model.toImages(x0, [1]);
  assertEquals(again!.data, made!.data);
  const { total, decoder } = await pictureBound(model, x0, { steps: 10 });
  assert(decoder > 0 && total > decoder); // 256 bins cost bits; a density may not
});
