/**
 * Do pictures of one prompt differ, and is any of them a training picture? For each prompt and seed the
 * nearest training render, in the judge's features and in pixels, is put beside the sample.
 *
 * `deno run -A --config training/deno.json training/eval/diversity.ts [--out DIR]`
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fromFileUrl } from "@std/path";
import sharp, { type OverlayOptions } from "sharp";
import { fromPretrained } from "@shum/pipelines";
import { compose } from "../data/compose.ts";
import { rasterise } from "../data/rasterise.ts";
import { makeRecord } from "../data/record.ts";
import type { Composition } from "../data/compose.ts";
import type { Spec } from "../data/scene.ts";
import { Judge, type Pixels } from "./judge.ts";
import { englishPrompt } from "./prompts.ts";

/** What is drawn: a mix of seen and held-out prompts. */
const SPECS: readonly Spec[] = `
cat|black|red
cat|black|green
cat|orange|-
dog|brown|blue
dog|black|green
fox|-|-
panda|-|-
rabbit|white|red
frog|red|yellow
owl|blue|red
unicorn|pink|blue
robot|-|-
heart|red|-
star|yellow|-
apple|blue|-
car|red|-
rocket|green|-
house|-|-
flower|yellow|-
umbrella|purple|-
`.trim().split("\n").map((line) => {
  const [object, color, eyes] = line.split("|").map((word) => word === "-" ? null : word);
  return { object: object!, color, eyes, background: "white" } as Spec;
});

const SIZE = 256, THUMB = 32, CELL = 96;

interface Render extends Pixels {
  readonly index: number;
  readonly thumb: Float32Array;
  readonly features: Float32Array;
}

/** The picture averaged to 32×32, in [0, 1]: shifts of a few pixels hardly change it. */
function thumbnail(data: ArrayLike<number>): Float32Array {
  const step = SIZE / THUMB, out = new Float32Array(THUMB * THUMB * 3);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const to = 3 * (Math.floor(y / step) * THUMB + Math.floor(x / step));
      for (let c = 0; c < 3; c++) {
        out[to + c]! += data[3 * (y * SIZE + x) + c]! / (255 * step * step);
      }
    }
  }
  return out;
}

/** Root of the mean squared difference. */
function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum / a.length);
}

function nearest(
  to: Float32Array,
  among: readonly Render[],
  of: (render: Render) => Float32Array,
): [Render, number] {
  let best = among[0]!, least = Infinity;
  for (const render of among) {
    const d = distance(to, of(render));
    if (d < least) [best, least] = [render, d];
  }
  return [best, least];
}

function meanPairwise(vectors: readonly Float32Array[]): number {
  let sum = 0, pairs = 0;
  for (const [i, a] of vectors.entries()) {
    for (const b of vectors.slice(i + 1)) {
      sum += distance(a, b);
      pairs++;
    }
  }
  return sum / pairs;
}

async function main(): Promise<void> {
  const path = (relative: string) => fromFileUrl(new URL(`../../${relative}`, import.meta.url));
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      model: { type: "string", default: path("weights/shum-emoji-256") },
      judge: { type: "string", default: path("weights/judge") },
      out: { type: "string", default: "out/diversity" },
      seeds: { type: "string", default: "16" },
      limit: { type: "string", default: String(SPECS.length) },
      // The training set is made anew from its seed; only renders of the prompt's object are compared.
      "train-seed": { type: "string", default: "1" },
      "train-count": { type: "string", default: "32000" },
      candidates: { type: "string", default: "300" },
    },
  });
  const specs = SPECS.slice(0, Number(values.limit));
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  await Deno.mkdir(values.out, { recursive: true });
  await using judge = await Judge.open(values.judge);
  await using pipeline = await fromPretrained(values.model);

  const training = new Map<
    string,
    { index: number; likeness: number; composition: Composition }[]
  >();
  for (let index = 0; index < Number(values["train-count"]); index++) {
    const { scene } = makeRecord(Number(values["train-seed"]), index);
    const [object] = scene.objects;
    if (scene.objects.length > 1 || scene.count > 1) continue;
    for (const spec of specs) {
      if (spec.object !== object!.id) continue;
      const likeness = 2 * Number(spec.color === object!.color) +
        2 * Number(spec.background === scene.background) +
        Number(spec.eyes === object!.eyes);
      const key = englishPrompt(spec);
      if (!training.has(key)) training.set(key, []);
      training.get(key)!.push({ index, likeness, composition: scene.composition });
    }
  }

  const tiles: OverlayOptions[] = [];
  const put = async (pixels: Pixels, column: number, row: number) => {
    const input = await sharp(pixels.data, { raw: { width: SIZE, height: SIZE, channels: 3 } })
      .resize(CELL, CELL).png().toBuffer();
    tiles.push({ input, left: column * CELL, top: row * CELL });
  };
  const report = [];
  for (const [row, spec] of specs.entries()) {
    const prompt = englishPrompt(spec);
    const candidates = (training.get(prompt) ?? []).sort((a, b) => b.likeness - a.likeness)
      .slice(0, Number(values.candidates));
    if (candidates.length === 0) {
      throw new RangeError(
        `Cannot compare: no training picture shows ${spec.object}; expected a larger --train-count`,
      );
    }
    const pixels: Pixels[] = [];
    for (const { composition } of candidates) {
      pixels.push({
        width: SIZE,
        height: SIZE,
        data: await rasterise(compose(composition, SIZE), SIZE),
      });
    }
    const verdicts = await judge.look(pixels);
    const renders = pixels.map((picture, i) => ({
      ...picture,
      index: candidates[i]!.index,
      thumb: thumbnail(picture.data),
      features: verdicts[i]!.features,
    }));
    const samples: { thumb: Float32Array; features: Float32Array }[] = [];
    const neighbours = [];
    for (const [column, seed] of seeds.entries()) {
      const [image] = await pipeline.generate({ prompt }, { seed });
      const [verdict] = await judge.look([image!]);
      const sample = { thumb: thumbnail(image!.data), features: verdict!.features };
      const [byFeatures, featureDistance] = nearest(
        sample.features,
        renders,
        ({ features }) => features,
      );
      const [byPixels, pixelDistance] = nearest(sample.thumb, renders, ({ thumb }) => thumb);
      samples.push(sample);
      neighbours.push({
        seed,
        features: { index: byFeatures.index, distance: featureDistance },
        pixels: { index: byPixels.index, distance: pixelDistance },
      });
      await put(image!, column, 3 * row);
      await put(byFeatures, column, 3 * row + 1);
      await put(byPixels, column, 3 * row + 2);
    }
    const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
    report.push({
      prompt,
      candidates: renders.length,
      pairwise: {
        features: meanPairwise(samples.map(({ features }) => features)),
        pixels: meanPairwise(samples.map(({ thumb }) => thumb)),
      },
      // What is usual among training pictures themselves.
      realPairwise: {
        features: meanPairwise(renders.slice(0, 40).map(({ features }) => features)),
        pixels: meanPairwise(renders.slice(0, 40).map(({ thumb }) => thumb)),
      },
      nearest: {
        features: mean(neighbours.map(({ features }) => features.distance)),
        pixels: mean(neighbours.map(({ pixels }) => pixels.distance)),
        least: Math.min(...neighbours.map(({ pixels }) => pixels.distance)),
      },
      neighbours,
    });
    console.error(`${row + 1} of ${specs.length}: ${prompt}`);
  }
  await sharp({
    create: {
      width: seeds.length * CELL,
      height: 3 * specs.length * CELL,
      channels: 3,
      background: "#ffffff",
    },
  }).composite(tiles).png().toFile(`${values.out}/diversity.png`);
  await Deno.writeTextFile(`${values.out}/diversity.json`, JSON.stringify(report, null, 1) + "\n");
  const f = (x: number) => x.toFixed(3);
  const lines = report.map(({ prompt, pairwise, realPairwise, nearest }) =>
    `| ${prompt} | ${f(pairwise.features)} (${f(realPairwise.features)}) | ${f(pairwise.pixels)} (${
      f(realPairwise.pixels)
    }) | ${f(nearest.features)} | ${f(nearest.pixels)} | ${f(nearest.least)} |`
  );
  const markdown = [
    `# Diversity: ${specs.length} prompts × ${seeds.length} seeds`,
    "",
    "Rows of `diversity.png` come in threes: samples, their nearest training render in the judge's features,",
    "their nearest in pixels (32×32 averages, root mean square, 0 to 1). In brackets: among training renders.",
    "",
    "| prompt | between samples, features | between samples, pixels | to nearest, features | to nearest, pixels | least |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
  await Deno.writeTextFile(`${values.out}/diversity.md`, markdown);
  console.log(markdown);
}

if (import.meta.main) await main();
