import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { brownianNoise, epsilon, type Plan, torchRandom } from "@shum/schedulers";
import { initialNoise, makeGenerator, runNoise, seedsOf } from "./_noise.ts";
import { slerp } from "../mod.ts";

function draw(seed: number, length = 16): Float32Array {
  const out = new Float32Array(length);
  torchRandom(seed).fill(out);
  return out;
}

Deno.test("seedsOf() counts up from the seed, takes a list, and draws one when told nothing", () => {
  assertEquals(seedsOf({ seed: 5, images: 3 }).seeds, [5, 6, 7]);
  assertEquals(seedsOf({ seeds: [9, 2] }).seeds, [9, 2]);
  assertEquals(seedsOf({ seed: 1 }, 2).seeds, [1, 2]);
  assertNotEquals(seedsOf({}).seeds, seedsOf({}).seeds); // equal once in 2^32
});

Deno.test("seedsOf() lets images vary by their variation seeds when noise is mixed in", () => {
  const seeds = seedsOf({ seed: 5, images: 2, variationSeed: 70, variationStrength: 0.1 });
  assertEquals(seeds, { seeds: [5, 5], variations: [70, 71] });
});

Deno.test("seedsOf() names what is wrong", () => {
  assertThrows(() => seedsOf({ seed: -1 }), RangeError, "seed is -1");
  assertThrows(() => seedsOf({ seed: -5 }), RangeError, "draws the same for 4294967291");
  const big = 2n ** 64n - 5n as unknown as number;
  assertThrows(() => seedsOf({ seed: big }), TypeError, "draws the same for 4294967291");
  assertEquals(draw(4294967291), draw(-5));
  assertThrows(() => seedsOf({ seed: 0.5 }), RangeError, "seed is 0.5");
  assertThrows(() => seedsOf({ seed: 2 ** 53 }), RangeError, "2^53");
  assertThrows(() => seedsOf({ seed: "7" as unknown as number }), TypeError, "string");
  assertThrows(() => seedsOf({ seeds: [1, -2] }), RangeError, "seeds[1] is -2");
  assertThrows(() => seedsOf({ seeds: [1], images: 2 }), RangeError, "1 seeds for 2 images");
  assertThrows(() => seedsOf({ images: 0 }), RangeError, "images is 0");
  assertThrows(() => seedsOf({ images: 2 }, 3), RangeError, "3 prompts for 2 images");
  assertThrows(() => seedsOf({ variationStrength: 2 }), RangeError, "variationStrength is 2");
  const options = { seed: 0, variationSeed: -3, variationStrength: 0.5 };
  assertThrows(() => seedsOf(options), RangeError, "variationSeed is -3");
});

Deno.test("makeGenerator() knows three generators and no other", () => {
  assertEquals(
    new Set((["torch", "nv", "numpy"] as const).map((rng) => {
      const out = new Float32Array(16);
      makeGenerator(rng, 0).fill(out);
      return out[0];
    })).size,
    3,
  );
  assertThrows(() => makeGenerator("cuda" as "nv", 0), RangeError, '"cuda"');
});

Deno.test("initialNoise() draws each image from its own seed", () => {
  const seeds = [3, 8, 3];
  const generators = seeds.map((seed) => torchRandom(seed));
  const noise = initialNoise([3, 4, 2, 2], generators, {}, { seeds });
  seeds.forEach((seed, i) => assertEquals(noise.slice(16 * i, 16 * (i + 1)), draw(seed)));
});

Deno.test("initialNoise() with strength 0 and 1 is one seed's noise and the other's", () => {
  const mixed = (variationStrength: number) =>
    initialNoise([1, 4, 2, 2], [torchRandom(1)], { variationStrength }, {
      seeds: [1],
      variations: [2],
    });
  for (const [strength, seed] of [[0, 1], [1, 2]] as const) {
    const noise = mixed(strength), expected = draw(seed);
    noise.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-6));
  }
});

Deno.test("initialNoise() mixes as AUTOMATIC1111's web UI does, column by column", () => {
  // Its slerp(0.3, randn(seed 1), randn(seed 2)) on [4, 2, 2], run in torch 2.13.0.
  const expected = [
    -1.4144539833068848,
    -0.2528039515018463,
    -0.8734702467918396,
    -1.671933650970459,
    -0.4730219542980194,
    0.026627779006958008,
    -1.0673006772994995,
    -1.6604797840118408,
    -0.7768811583518982,
    0.3164685368537903,
    -0.7207235097885132,
    -0.2467765510082245,
    0.8834739327430725,
    3.7946460247039795,
    0.12121894955635071,
    0.36474740505218506,
  ];
  const options = { variationStrength: 0.3 }, seeds = { seeds: [1], variations: [2] };
  const noise = initialNoise([1, 4, 2, 2], [torchRandom(1)], options, seeds);
  // acos near -1 costs float32 half of its digits, as in torch.
  noise.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-4));
});

Deno.test("initialNoise() takes latents that the caller brings, and checks their number", () => {
  const latents = Float32Array.from({ length: 16 }, (_, i) => i);
  const noise = initialNoise([1, 4, 2, 2], [torchRandom(0)], { latents }, { seeds: [0] });
  assertEquals(noise, latents);
  const few = () => initialNoise([2, 4, 2, 2], [torchRandom(0)], { latents }, { seeds: [0, 1] });
  assertThrows(few, RangeError, "16 values; expected 32");
});

Deno.test("slerp() keeps the length of vectors of one length", () => {
  const a = Float32Array.of(3, 0, 4), b = Float32Array.of(0, -5, 0);
  for (const t of [0.2, 0.5, 0.9]) assertAlmostEquals(Math.hypot(...slerp(a, b, t)), 5, 1e-5);
});

Deno.test("slerp() between parallel vectors is a straight line", () => {
  const mixed = slerp(Float32Array.of(1, 1), Float32Array.of(2, 2), 0.25);
  assertEquals([...mixed], [1.25, 1.25]);
});

function planOf(intervals: readonly (readonly [number, number])[]): Plan {
  const level = { t: 1, alpha: 1, sigma: 1 };
  return {
    eps: "raw",
    steps: intervals.map((interval) => ({
      level,
      x: { terms: { x: 1 }, noise: 1, interval },
      ...epsilon(level),
    })),
  };
}

Deno.test("runNoise() continues each image's generator where intervals do not overlap", () => {
  const generators = [torchRandom(0), torchRandom(1)];
  const noise = runNoise(planOf([[-2, -1], [-1, 0]]), generators, [0, 1]);
  const out = new Float32Array(64);
  noise(out, [-2, -1]);
  assertEquals([...out.slice(0, 32)], [...draw(0, 32)]);
  assertEquals([...out.slice(32)], [...draw(1, 32)]);
});

Deno.test("runNoise() follows a Brownian path per image where they do", () => {
  const plan = planOf([[-2, -1], [-2, 0]]);
  const noise = runNoise(plan, [torchRandom(0), torchRandom(1)], [0, 1]);
  const out = new Float32Array(8), alone = new Float32Array(4);
  noise(out, [-2, -1]);
  brownianNoise(1)(alone, [-2, -1]);
  assertEquals(out.slice(4), alone);
});
