/** What a run is said to do, and what it does. Nothing here has a network to open. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { cfgPlusPlus, classifierFree, classifierGuidance, limitedInterval } from "@shum/guidance";
import type { ScoreMethod } from "@shum/schedulers";
import {
  blockMeasurement,
  Cascade,
  ClassConditional,
  fromPretrained,
  Lazy,
  type Pipeline,
  type RunOptions,
  type RunPlan,
  TextToImage,
  Unconditional,
} from "./mod.ts";

const never = () => Promise.reject(new Error("opened"));
const fixtures = new URL("../../tests/fixtures/pipelines/", import.meta.url).pathname;
const picture = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) };
const mask = { width: 64, height: 64, data: new Uint8Array(64 * 64).fill(255, 2048) };

const parts = {
  scheduler: { _class_name: "PNDMScheduler", skip_prk_steps: true },
  promptEncoder: new Lazy(never),
  denoiser: new Lazy(never),
  decoder: new Lazy(never),
  encoder: new Lazy(never),
  channels: 4,
  inChannels: 4,
  vaeScaleFactor: 8,
  defaults: { steps: 20, guidanceScale: 7.5, width: 64, height: 64 },
};
const text = new TextToImage(parts);
const pixels = new Unconditional({
  scheduler: { _class_name: "DDPMScheduler" },
  denoiser: new Lazy(never),
  channels: 3,
  vaeScaleFactor: 1,
  defaults: { steps: 100, guidanceScale: 1, width: 64, height: 64 },
});
const score = new Unconditional({
  scheduler: { _class_name: "ScoreSdeVeScheduler" },
  denoiser: new Lazy(never),
  channels: 3,
  vaeScaleFactor: 1,
  defaults: { steps: 2000, guidanceScale: 1, width: 64, height: 64 },
});
const classes = new ClassConditional({
  scheduler: { _class_name: "DDIMScheduler" },
  denoiser: new Lazy(never),
  channels: 3,
  vaeScaleFactor: 1,
  classes: 10,
  defaults: { steps: 50, guidanceScale: 1, width: 64, height: 64 },
});
const upscaler = new TextToImage({
  ...parts,
  inChannels: 7,
  vaeScaleFactor: 4,
  lowRes: { scheduler: { _class_name: "DDPMScheduler" }, maxNoiseLevel: 350 },
});

Deno.test("plan() tells the calls, levels, size, seeds and branches of a run", () => {
  const plan = text.plan({ prompt: ["a cat", "a dog"] }, {
    seed: 3,
    steps: 10,
    sampler: "ddim",
    width: 128,
  });
  const { scheduler, calls, timesteps, seeds, images, batch, width, height, branches } = plan;
  assertEquals(scheduler._class_name, "DDIMScheduler");
  assertEquals([calls, plan.plan!.steps.length, timesteps!.length], [10, 10, 10]);
  assertEquals({ seeds, images, batch, width, height, branches }, {
    seeds: [3, 4],
    images: 2,
    batch: 2,
    width: 128,
    height: 64,
    branches: ["positive", "negative"],
  });
  const off = limitedInterval(classifierFree({ scale: 9 }), [0.1, 0.3]);
  assertEquals(text.plan({ prompt: "" }, { steps: 3, sampler: "ddim", guidance: off }).branches, [
    "positive",
  ]);
});

Deno.test("plan() is data: as JSON it is the same", () => {
  const plans: RunPlan[] = [
    text.plan({ prompt: "a cat" }, { seed: 1 }),
    score.plan({}, { seed: 1 }),
    new Cascade(text, [{ pipeline: upscaler.superResolution }]).plan({ prompt: "" }, { seed: 1 }),
  ];
  for (const plan of plans) assertEquals(JSON.parse(JSON.stringify(plan)), plan);
});

Deno.test("plan() of image to image and inpainting counts the calls that the strength leaves", () => {
  const options = { steps: 20, sampler: "ddim" };
  const input = { prompt: "a cat", image: picture, strength: 0.5 };
  assertEquals(text.imageToImage.plan(input, options).calls, 10);
  assertEquals(text.inpaint.plan({ ...input, mask }, options).calls, 10);
  assertEquals(text.inpaint.plan({ prompt: "", image: picture, mask }, options).calls, 20);
  const two = text.imageToImage.plan(input, { ...options, sampler: "heun" });
  assertEquals(two.calls, 19); // two calls per step, but for the last
});

Deno.test("plan() has TCD's eta of the pipeline, which is 0 where the scheduler's own is 0.3", () => {
  const noise = (options: RunOptions) => {
    const { plan, scheduler } = text.plan({ prompt: "" }, { sampler: "tcd", steps: 4, ...options });
    return [scheduler.eta, plan!.steps.filter(({ x }) => x.noise).length];
  };
  assertEquals(noise({}), [0, 0]);
  assertEquals(noise({ eta: 0.3 }), [0.3, 3]);
});

Deno.test("plan() of a repair has DDNM's steps, and time travel's beside them", () => {
  const input = { image: { ...picture, width: 32, height: 32 }, measurement: blockMeasurement(2) };
  const plan = text.restore.plan(input, { seed: 1, images: 2 });
  assertEquals([plan.calls, plan.width, plan.height, plan.batch], [30, 64, 64, 1]);
  assertEquals(plan.branches, ["positive"]); // nothing is guided without a prompt
  assertEquals(plan.plan!.steps[0]!.x.terms, text.restore.plan(input).plan!.steps[0]!.x.terms);
  const told = { ...input, prompt: "a cat", travel: { length: 5, repeats: 2 } };
  const long = text.restore.plan(told, { steps: 10 });
  assertEquals([long.calls, long.branches], [20, ["positive", "negative"]]);
  assertThrows(() => text.restore.plan(input, { sampler: "heun" }), TypeError, "DDNM is one");
  assertThrows(() => upscaler.restore.plan(input), TypeError, "reads 7 channels");
});

Deno.test("plan() of a score-based run is a plan where there is one", () => {
  const run = (method: ScoreMethod, steps?: number) =>
    text.scoreBased.plan({ prompt: "a cat", method }, { ...steps !== undefined && { steps } });
  const { plan, calls, initNoiseSigma } = run("langevin", 50);
  assertEquals([plan!.steps.length, calls, initNoiseSigma > 10], [51, 51, true]);
  assertEquals(run("reverse-sde").timesteps!.length, 100);
  assertEquals([run("predictor-corrector", 20).plan, run("ode").plan], [undefined, undefined]);
  assertEquals(run("predictor-corrector", 20).calls, 20);
  assertEquals(score.scoreBased.plan({ method: "ode" }).initNoiseSigma, 1348);
  const wrong = () => text.scoreBased.plan({ prompt: "", method: "ode" }, { sampler: "ddim" });
  assertThrows(wrong, TypeError, "sampler is given");
  assertThrows(() => score.scoreBased.plan({ method: "ode", prompt: "a cat" }), TypeError);
});

Deno.test("plan() of a score model says that there is no plan, and how many calls", () => {
  const { plan, timesteps, end, calls, batch, images, initNoiseSigma } = score.plan({}, {
    steps: 30,
    images: 2,
  });
  assertEquals({ plan, timesteps, end }, { plan: undefined, timesteps: undefined, end: undefined });
  assertEquals({ calls, batch, images, initNoiseSigma }, {
    calls: 60, // predictor and corrector
    batch: 1,
    images: 2,
    initNoiseSigma: 1348,
  });
});

Deno.test("plan() of pixel tasks and interpolation", () => {
  const options = { steps: 10 };
  const noisy = pixels.denoiseImage.plan({ image: picture, noise: 20 }, options);
  assertEquals(noisy.calls < 10 && noisy.calls > 0, true);
  assertEquals(pixels.colorize.plan({ image: picture }, options).calls, 10);
  assertEquals(pixels.inpaint.plan({ image: picture, mask }, options).calls, 10);
  const row = text.interpolate.plan({ prompt: "a cat", frames: 5 }, { seeds: [1, 9] });
  assertEquals([row.images, row.batch, row.seeds], [5, 1, [1, 1, 1, 1, 1]]);
});

Deno.test("plan() of a cascade has its enlargements as stages, four times as large", () => {
  const cascade = new Cascade(text, [{
    pipeline: upscaler.superResolution,
    options: { steps: 7 },
  }]);
  const { calls, width, stages } = cascade.plan({ prompt: "a cat" }, { steps: 5, sampler: "ddim" });
  assertEquals([calls, width], [5, 64]);
  assertEquals(stages!.map((stage) => [stage.calls, stage.width]), [[8, 256]]); // PLMS calls twice
});

Deno.test("plan() refuses what the run would, before anything is opened", async () => {
  const cases: [() => RunPlan, new () => Error, string][] = [
    [() => text.plan({ prompt: "" }, { width: 500 }), RangeError, "multiple of 8"],
    [() => text.plan({ prompt: "" }, { sampler: "oiler" }), RangeError, "oiler"],
    [() => text.plan({ prompt: "" }, { guidance: classifierGuidance() }), TypeError, "`gradient`"],
    [() => upscaler.plan({ prompt: "" }), TypeError, "superResolution"],
    [() => classes.plan({ label: 10 }), RangeError, "0 to 9"],
    [() => classes.plan({ label: 1 }, { guidanceScale: 3 }), TypeError, '"negative" branch'],
    [() => score.plan({}, { sampler: "ddim" }), TypeError, "Cannot change sampler"],
    [() => score.plan({}, { eta: 1 }), TypeError, "eta is given"],
    [() => score.plan({}, { guidance: cfgPlusPlus() }), TypeError, "finds its steps"],
    [() => score.denoiseImage.plan({ image: picture, noise: 9 }), TypeError, "noise alone"],
  ];
  for (const [plan, kind, message] of cases) assertThrows(plan, kind, message);
  const bad = classes.generate({ label: 1 }, { guidanceScale: 3 });
  await assertRejects(() => bad, TypeError, '"negative" branch'); // not "opened"
});

Deno.test("a run does what its plan says, in every family", async () => {
  const follow = async <Input>(pipeline: Pipeline<Input>, input: Input, options: RunOptions) => {
    const { calls, plan, images, batch, seeds, width, height } = pipeline.plan(input, options);
    const stream = pipeline.stream(input, options);
    let previews = 0;
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) {
      const { index, total, level } = next.value;
      assertEquals(total, calls);
      if (plan) assertEquals(level, plan.steps[index]!.level);
      previews++;
    }
    assertEquals(previews, calls * images / batch);
    assertEquals(
      next.value.map((image) => [image.seed, image.width, image.height]),
      seeds.map((seed) => [seed, width, height]),
    );
  };
  const open = { device: "cpu", optimisedCacheDir: false } as const;
  const options = { steps: 3, seed: 5 };
  await using sd = await fromPretrained(`${fixtures}sd`, open);
  await follow(sd, { prompt: "a cat" }, { ...options, images: 2 });
  await follow(sd.imageToImage, { prompt: "a cat", image: picture, strength: 0.7 }, options);
  await follow(sd.inpaint, { prompt: "a cat", image: picture, mask }, options);
  await follow(sd.interpolate, { prompt: ["a cat", "a dog"], frames: 3 }, options);
  await using ddpm = await fromPretrained(`${fixtures}ddpm`, { ...open, kind: "unconditional" });
  await follow(ddpm, {}, options);
  await using dit = await fromPretrained(`${fixtures}dit`, { ...open, kind: "class-conditional" });
  await follow(dit, { label: [1, 2] }, options);
  const ve = new URL("./testdata/score", import.meta.url).pathname;
  await using adaptive = await fromPretrained(ve, { ...open, kind: "unconditional" });
  await follow(adaptive, {}, { ...options, images: 2 });
});

Deno.test("fromPretrained() is a pipeline of texts unless told otherwise, and refuses another", async () => {
  const wrong = () => fromPretrained(`${fixtures}ddpm`, { optimisedCacheDir: false });
  await assertRejects(wrong, TypeError, 'it is "unconditional"; expected the option kind');
  const dit = () => fromPretrained(`${fixtures}dit`, { kind: "unconditional" });
  await assertRejects(dit, TypeError, 'it is "class-conditional"');
});
