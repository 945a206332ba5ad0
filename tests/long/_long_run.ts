/**
 * What a server asks of one process: many images, many at once, many given up. Prints what it saw; in
 * a process of its own so that memory is its own, and so that ending by itself proves nothing is left.
 */
import { fromPretrained } from "@shum/pipelines";
import { fixtureFolder } from "../_fixtures.ts";

const IMAGES = 200;
const STREAMS = 20;
const STEPS = 3;
const size = { width: 128, height: 128 };
const input = { prompt: "black cat with red eyes", negativePrompt: "blurry" };

/** Resident memory after the garbage is gone (run with --v8-flags=--expose-gc). */
async function resident(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    (globalThis as unknown as { gc(): void }).gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Deno.memoryUsage().rss;
}

/**
 * The least that memory grew over one of several equal stretches of work. A leak grows in every one;
 * caches that fill and code that is compiled do not.
 */
async function leastGrowth(stretches: number, work: (stretch: number) => Promise<void>) {
  let least = Infinity;
  let before = await resident();
  for (let stretch = 0; stretch < stretches; stretch++) {
    await work(stretch);
    const after = await resident();
    least = Math.min(least, after - before);
    before = after;
  }
  return least;
}

const pipeline = await fromPretrained(fixtureFolder("sd"), { device: "cpu" });
const make = async (seed: number) =>
  (await pipeline.generate(input, { ...size, steps: STEPS, seed, sampler: "euler_a" }))[0]!.data;

// Many images, in stretches of 50.
const growth = await leastGrowth(4, async (stretch) => {
  for (let i = 0; i < IMAGES / 4; i++) await make(stretch * IMAGES / 4 + i);
});

// Many at once: each is the image that it is alone.
const alone: Uint8Array[] = [];
for (let seed = 0; seed < STREAMS; seed++) alone.push(await make(seed));
const together = await Promise.all(alone.map((_, seed) => make(seed)));
const different = together.filter((data, i) => data.some((value, k) => value !== alone[i]![k]));

// Given up after each step in turn: by signal, and by leaving the loop.
const reasons: string[] = [];
for (let step = 0; step <= STEPS; step++) {
  const controller = new AbortController();
  const { signal } = controller;
  if (step === 0) controller.abort(new Error("at 0"));
  try {
    for await (
      const { index } of pipeline.stream(input, { ...size, steps: STEPS, seed: 0, signal })
    ) {
      if (index + 1 === step) controller.abort(new Error(`at ${step}`));
    }
    reasons.push("finished");
  } catch (error) {
    reasons.push((error as Error).message);
  }
  for await (const { index } of pipeline.stream(input, { ...size, steps: STEPS, seed: 0 })) {
    if (index + 1 >= step) break;
  }
}
// Given up in the middle of a call, in stretches of 50.
const growthByCancelling = await leastGrowth(3, async () => {
  for (let i = 0; i < 50; i++) {
    const signal = AbortSignal.timeout(1 + i % 20);
    await pipeline.generate(input, { ...size, steps: STEPS, seed: 0, signal }).catch(() => {});
  }
});
const afterwards = (await make(0)).every((value, k) => value === alone[0]![k]);

await pipeline[Symbol.asyncDispose]();
console.log(
  JSON.stringify({
    growth,
    growthByCancelling,
    different: different.length,
    distinct: new Set(alone.map((data) => data.join())).size,
    reasons,
    afterwards,
  }),
);
