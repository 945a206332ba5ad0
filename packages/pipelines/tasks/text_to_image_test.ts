/** Runs of the tiny Stable Diffusion of tests/fixtures, whose pictures are noise but whose ways are real. */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { autoguidance, cfgPlusPlus, classifierFree, limitedInterval } from "@shum/guidance";
import { openDenoiser, openRepository } from "@shum/models";
import { fromPretrained, type Image, Lazy, type RunOptions, TextToImage } from "../mod.ts";

const fixtures = new URL("../../../tests/fixtures/pipelines/", import.meta.url).pathname;
const input = { prompt: "a black cat with red eyes" };
const options: RunOptions = { steps: 3, width: 64, height: 64, seed: 1, sampler: "ddim" };

async function open(release = false): Promise<TextToImage> {
  return await fromPretrained(`${fixtures}sd`, {
    device: "cpu",
    optimisedCacheDir: false,
    release,
  });
}

/** Largest difference of two images' bytes. */
function difference(a: Image, b: Image): number {
  assertEquals(a.data.length, b.data.length);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
}

async function only(run: Promise<readonly Image[]>): Promise<Image> {
  const images = await run;
  assertEquals(images.length, 1);
  return images[0]!;
}

/** One for all tests that do not close it; runs keep their state to themselves. */
const model = await open();
Deno.test.afterAll(() => model[Symbol.asyncDispose]());

Deno.test("TextToImage makes each image of a batch as its seed alone would, whatever the sampler", async () => {
  for (const sampler of ["euler_a", "dpmpp_sde", "ddim"]) {
    const batch = await model.generate(input, { ...options, sampler, images: 3 });
    for (const [i, image] of batch.entries()) {
      assertEquals(image.seed, 1 + i);
      const alone = await only(model.generate(input, { ...options, sampler, seed: 1 + i }));
      // Sums over a larger batch may round otherwise in the last bit of a float.
      assert(difference(alone, image) <= 1, `${sampler}, image ${i}`);
    }
    assert(difference(batch[0]!, batch[1]!) > 20, "seeds matter");
  }
});

Deno.test("TextToImage takes a prompt and a negative prompt per image", async () => {
  const prompt = ["a cat", "the sea"], negativePrompt = ["blurry", "red"];
  const batch = await model.generate({ prompt, negativePrompt }, options);
  for (const [i, image] of batch.entries()) {
    const own = { prompt: prompt[i]!, negativePrompt: negativePrompt[i]! };
    const alone = await only(model.generate(own, { ...options, seed: 1 + i }));
    assert(difference(alone, image) <= 1, `image ${i}`);
  }
});

Deno.test("TextToImage lets no long prompt of a batch change the image of a short one", async () => {
  const long = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" "); // several rows of tokens
  const prompt = ["a cat", long, "the sea"], negativePrompt = ["", "blurry", "red"];
  const batch = await model.generate({ prompt, negativePrompt }, options);
  for (const [i, image] of batch.entries()) {
    const own = { prompt: prompt[i]!, negativePrompt: negativePrompt[i]! };
    const alone = await only(model.generate(own, { ...options, seed: 1 + i }));
    assert(difference(alone, image) <= 1, `image ${i}`);
  }
});

Deno.test("TextToImage streams previews whose decoding ends at the image", async () => {
  const stream = model.stream(input, { ...options, sampler: "euler" }); // ends at sigma 0
  const seen: number[] = [];
  let last: readonly Image[] = [];
  while (true) {
    const next = await stream.next();
    if (next.done) {
      assert(difference(last[0]!, next.value[0]!) <= 1); // x is x0, but for rounding
      break;
    }
    const { index, total, shape, x, x0 } = next.value;
    seen.push(index);
    assertEquals([total, ...shape], [3, 1, 4, 8, 8]);
    assertEquals([x.length, x0.length], [256, 256]);
    last = await next.value.decode();
    assertEquals([last[0]!.width, last[0]!.height], [64, 64]);
  }
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("TextToImage with release closes what no run uses, and makes the same image", async () => {
  await using released = await open(true);
  const expected = await only(model.generate(input, options));
  for (let i = 0; i < 2; i++) {
    assertEquals((await only(released.generate(input, options))).data, expected.data);
  }
});

Deno.test("TextToImage varies an image by a variation seed, more with its strength", async () => {
  const original = await only(model.generate(input, options));
  const variation = { ...options, variationSeed: 9, images: 2 };
  const far: number[] = [];
  for (const variationStrength of [0.02, 0.9]) {
    const [a, b] = await model.generate(input, { ...variation, variationStrength });
    assertEquals([a!.seed, b!.seed], [1, 1]);
    assertNotEquals(a!.data, b!.data);
    far.push(a!.data.reduce((sum, value, i) => sum + Math.abs(value - original.data[i]!), 0));
  }
  assert(0 < far[0]! && far[0]! < far[1]!, `${far}`);
});

Deno.test("TextToImage composes prompts: one that is repeated adds its weight", async () => {
  const once = await only(model.generate(input, { ...options, guidanceScale: 5 }));
  const also = [{ prompt: input.prompt, weight: 2 }];
  const twice = await only(
    model.generate({ ...input, composed: also }, { ...options, guidanceScale: 3 }),
  );
  assert(difference(once, twice) <= 1);
  const other = [{ prompt: "the sea", weight: 2 }];
  const composed = await only(
    model.generate({ ...input, composed: other }, { ...options, guidanceScale: 3 }),
  );
  assert(difference(once, composed) > 5);
});

Deno.test("TextToImage guides by another network, which agrees with none when it is its own", async () => {
  const repository = await openRepository(`${fixtures}sd`);
  await using weak = await openDenoiser(repository, { device: "cpu", cacheDir: false });
  const guidance = autoguidance({ scale: 3 });
  const plain = await only(model.generate(input, { ...options, guidanceScale: 1 }));
  const guided = await only(model.generate(input, { ...options, guidance, networks: { weak } }));
  assert(difference(plain, guided) <= 1); // w + 3 (c - w) with w = c
  const without = model.generate(input, { ...options, guidance });
  await assertRejects(() => without, TypeError, '"weak" branch');
});

Deno.test("TextToImage runs CFG++ with a sampler that is written with the old sample", async () => {
  const guidance = cfgPlusPlus({ scale: 0.6 });
  const [ddim, euler] = await Promise.all(
    ["ddim", "euler"].map((sampler) =>
      only(model.generate(input, { ...options, sampler, guidance, steps: 4 }))
    ),
  );
  assertNotEquals(ddim!.data, euler!.data); // they visit other timesteps
  const plain = await only(model.generate(input, { ...options, steps: 4 }));
  assert(difference(plain, ddim!) > 5);
});

Deno.test("TextToImage asks for fewer evaluations outside the interval of its guidance", async () => {
  const off = limitedInterval(classifierFree({ scale: 9 }), [0.1, 0.3]); // rounds to no step of three
  const guided = await only(model.generate(input, { ...options, guidance: off }));
  const plain = await only(model.generate(input, { ...options, guidanceScale: 1 }));
  assertEquals(guided.data, plain.data);
});

Deno.test("TextToImage draws a seed when told none, and tells it", async () => {
  const { seed: _, ...unseeded } = options;
  const image = await only(model.generate(input, unseeded));
  assert(Number.isInteger(image.seed) && image.seed >= 0);
  const again = await only(model.generate(input, { ...options, seed: image.seed }));
  assertEquals(again.data, image.data);
});

Deno.test("TextToImage refuses bad input before it opens a network", async () => {
  const never = () => Promise.reject(new Error("opened"));
  await using model = new TextToImage({
    scheduler: { _class_name: "PNDMScheduler", skip_prk_steps: true },
    promptEncoder: new Lazy(never),
    denoiser: new Lazy(never),
    decoder: new Lazy(never),
    channels: 4,
    inChannels: 4,
    vaeScaleFactor: 8,
    sizeMultiple: 16,
    defaults: { steps: 20, guidanceScale: 7.5, width: 64, height: 64 },
  });
  const cases: [RunOptions, new () => Error, string][] = [
    [{ width: 500 }, RangeError, "width is 500; expected a multiple of 16, such as 496"],
    [{ height: 0 }, RangeError, "height is 0"],
    [{ width: NaN }, RangeError, "width is NaN"],
    [{ steps: 0 }, RangeError, "steps is 0"],
    [{ steps: 2.5 }, RangeError, "steps is 2.5"],
    [{ seed: -1 }, RangeError, "seed is -1"],
    [{ eta: 2 }, RangeError, "eta is 2"],
    [{ guidanceScale: NaN }, RangeError, "guidanceScale is NaN"],
    [{ guidanceRescale: 2 }, RangeError, "guidanceRescale is 2"],
    [{ sampler: "oiler" }, RangeError, "oiler"],
    [{ schedule: "karas" }, RangeError, "karas"],
    [{ rng: "cuda" as "nv" }, RangeError, '"cuda"'],
    [{ images: 0 }, RangeError, "images is 0"],
    [{ latents: new Float32Array(3) }, RangeError, "3 values; expected 256"],
  ];
  for (const [bad, kind, message] of cases) {
    await assertRejects(() => model.generate(input, { ...options, ...bad }), kind, message);
  }
  const prompt = 7 as unknown as string;
  await assertRejects(() => model.generate({ prompt }, options), TypeError, "a prompt is number");
  await assertRejects(() => model.generate({ prompt: [] }, options), TypeError, "0 prompts");
  const uneven = { prompt: ["a", "b"], negativePrompt: ["c", "d", "e"] };
  await assertRejects(() => model.generate(uneven, options), RangeError, "3 negative");
});

Deno.test("TextToImage takes an empty prompt and an enormous one", async () => {
  for (const prompt of ["", "a cat, ".repeat(100)]) {
    const image = await only(model.generate({ prompt }, options));
    assertEquals(image.data.length, 64 * 64 * 3);
  }
});

Deno.test("ImageToImage keeps more of the image the smaller its strength", async () => {
  const image = await only(model.generate(input, options));
  const far: number[] = [];
  for (const strength of [0.1, 0.5, 1]) {
    const made = await only(
      model.imageToImage.generate({ prompt: "the sea", image, strength }, {
        ...options,
        steps: 10,
      }),
    );
    far.push(made.data.reduce((sum, value, i) => sum + Math.abs(value - image.data[i]!), 0));
  }
  assert(far[0]! < far[2]!, `${far}`);
});

Deno.test("ImageToImage takes the size of a photograph, cut to what the model can make", async () => {
  const image = { width: 99, height: 69, data: new Uint8Array(99 * 69 * 4).fill(99) };
  const { width: _, height: __, ...unsized } = options;
  const made = await only(model.imageToImage.generate({ ...input, image }, unsized));
  assertEquals([made.width, made.height], [96, 64]);
});

Deno.test("ImageToImage refuses strengths that make no sense", async () => {
  const image = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
  for (const strength of [0, -1, 1.5, NaN]) {
    const run = () => model.imageToImage.generate({ ...input, image, strength }, options);
    await assertRejects(run, RangeError, `strength is ${strength}`);
  }
  const run = () => model.imageToImage.generate({ ...input, image, strength: 0.3 }, options);
  await assertRejects(run, RangeError, "leaves none");
});

Deno.test("Inpaint with keepOriginal changes no pixel outside the mask", async () => {
  const image = await only(model.generate(input, options));
  const data = new Uint8Array(64 * 64).fill(255, 64 * 32); // the lower half
  const mask = { width: 64, height: 64, data };
  const made = await only(
    model.inpaint.generate({ prompt: "the sea", image, mask, keepOriginal: true }, options),
  );
  const half = 64 * 32 * 3;
  assertEquals(made.data.slice(0, half), image.data.slice(0, half));
  assertNotEquals(made.data.slice(half), image.data.slice(half));
});

Deno.test("Inpaint with an empty mask gives the image as the VAE decodes it", async () => {
  const image = await only(model.generate(input, options));
  const mask = { width: 64, height: 64, data: new Uint8Array(64 * 64) };
  const a = await only(model.inpaint.generate({ prompt: "the sea", image, mask }, options));
  const b = await only(model.inpaint.generate({ prompt: "a cat", image, mask }, options));
  assertEquals(a.data, b.data); // nothing is left of what was painted
});

Deno.test("a pipeline that was disposed of refuses to run", async () => {
  const model = await open();
  await only(model.generate(input, options));
  await model[Symbol.asyncDispose]();
  await assertRejects(() => model.generate(input, options), Error, "disposed of");
});

Deno.test("a pipeline's guidance scale 1 and 0 are both no guidance", async () => {
  const [one, zero] = await Promise.all(
    [1, 0].map((guidanceScale) => only(model.generate(input, { ...options, guidanceScale }))),
  );
  assertEquals(one!.data, zero!.data);
  assertAlmostEquals(one!.data.length, 64 * 64 * 3);
});
