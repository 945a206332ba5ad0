/**
 * `deno task eval`: draws the fixed prompts, lets the judge name what it sees, prints one table.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fromFileUrl } from "@std/path";
import { type Autoencoder, openAutoencoder, openRepository, type Repository } from "@shum/models";
import { pipelineFrom, type TextToImage, toImage, toTensor } from "@shum/pipelines";
import type { Spec } from "../data/scene.ts";
import { frechetDistance } from "./frechet.ts";
import { Judge, type Pixels, type Verdict } from "./judge.ts";
import { allPrompts, HELD_OUT_SPECS, type Prompt, SEEN_SPECS } from "./prompts.ts";
import { classification, type ClassificationRow } from "./classification.ts";
import { restoration, type RestorationRow } from "./restoration.ts";
import { render, SIZE } from "./renders.ts";
import { aligned, percent, type Score, score, table } from "./score.ts";

const HELP = `deno task eval [options]
  --model FOLDER   the model to draw with (default weights/shum-emoji-256)
  --judge FOLDER   the judge (default weights/judge)
  --limit N        only the first N prompts (they alternate between seen and held out, English and Ukrainian)
  --seeds N        pictures per prompt, seeds 1 to N (default 1)
  --steps N        denoising steps (default: the model's own)
  --guidance X     guidance scale (default: the model's own)
  --json FILE      also write every number and verdict to a file
  --real-only      only the ceilings: fresh real renders, as they are and through the autoencoder
  --restore N      instead: repair N unseen renders per task by DDNM, beside image to image and plain means (say, 200)
  --classify N     instead: name what N unseen renders show among 8, 32 and 128 labels (say, 200)
  --labels A,B     numbers of labels, instead of 8,32,128
  --draws N        noises that each label is tried on (default 32)`;

/** Real renders per specification; none has a seed of the painter's or the judge's training. */
const REALS = 4, REAL_SEED = 4000;

interface Judged {
  readonly spec: Spec;
  readonly verdict: Verdict;
}

/** Fresh pictures of a specification by the data's own renderer, as they are or put through something. */
async function realPictures(
  specs: readonly Spec[],
  judge: Judge,
  seed: number,
  through: (pictures: Pixels[]) => Promise<Pixels[]> = (pictures) => Promise.resolve(pictures),
): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const [i, spec] of specs.entries()) {
    const pictures: Pixels[] = [];
    for (let k = 0; k < REALS; k++) {
      pictures.push(await render(spec, seed, i * REALS + k));
    }
    for (const verdict of await judge.look(await through(pictures))) judged.push({ spec, verdict });
  }
  return judged;
}

/** What is left of pictures when they were latents: a painter in latents cannot draw sharper. */
async function reconstruct(autoencoder: Autoencoder, pictures: Pixels[]): Promise<Pixels[]> {
  const shape = [1, 3, SIZE, SIZE] as const;
  const out: Pixels[] = [];
  for (const picture of pictures) {
    const latents = await autoencoder.encode(toTensor(picture), shape);
    out.push(toImage(await autoencoder.decode(latents.data, latents.shape), 0, 0));
  }
  return out;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`Cannot evaluate: --${name} is ${text}; expected a whole number from 1`);
  }
  return value;
}

async function textPipeline(repository: Repository): Promise<TextToImage> {
  const pipeline = await pipelineFrom(repository);
  if (pipeline.kind === "text-to-image") return pipeline;
  throw new TypeError(
    `Cannot evaluate: ${repository.id} is ${pipeline.kind}; expected text-to-image`,
  );
}

function restorationTable(rows: readonly RestorationRow[]): string {
  return aligned([
    ["task", "method", "pictures", "PSNR", "judged"],
    ...rows.map(({ task, method, pictures, psnr, judged }) => [
      task,
      method,
      `${pictures}`,
      psnr.toFixed(1),
      judged,
    ]),
  ], 2);
}

function classificationTable(rows: readonly ClassificationRow[]): string {
  const share = (right: number, asked: number) => percent({ right, asked });
  return aligned([
    ["labels", "pictures", "model", "judge", "evaluations"],
    ...rows.map(({ labels, pictures, model, judge, evaluations }) => [
      `${labels}`,
      `${pictures}`,
      share(model, pictures),
      share(judge, pictures),
      (evaluations / pictures).toFixed(0),
    ]),
  ]);
}

async function main(): Promise<void> {
  const path = (relative: string) => fromFileUrl(new URL(`../../${relative}`, import.meta.url));
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      model: { type: "string", default: path("weights/shum-emoji-256") },
      judge: { type: "string", default: path("weights/judge") },
      limit: { type: "string" },
      seeds: { type: "string", default: "1" },
      steps: { type: "string" },
      guidance: { type: "string" },
      json: { type: "string" },
      restore: { type: "string" },
      classify: { type: "string" },
      labels: { type: "string", default: "8,32,128" },
      draws: { type: "string", default: "32" },
      "real-only": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const seeds = Array.from({ length: wholeNumber("seeds", values.seeds) }, (_, i) => i + 1);
  const limit = values.limit === undefined ? Infinity : wholeNumber("limit", values.limit);
  const prompts = allPrompts().slice(0, limit);
  await using judge = await Judge.open(values.judge);

  const repository = await openRepository(values.model);
  if (values.restore !== undefined || values.classify !== undefined) {
    await using pipeline = await textPipeline(repository);
    const report: Record<string, unknown> = { model: values.model };
    if (values.restore !== undefined) {
      const count = wholeNumber("restore", values.restore);
      const rows = await restoration(pipeline, judge, count, (done, rows) => {
        console.error(`${done} of ${count} renders\n${restorationTable(rows)}`);
      });
      report.restoration = rows;
      console.log(restorationTable(rows));
    }
    if (values.classify !== undefined) {
      const renders = wholeNumber("classify", values.classify);
      const counts = values.labels.split(",").map((text) => wholeNumber("labels", text));
      const how = { renders, counts, draws: wholeNumber("draws", values.draws) };
      const rows = await classification(pipeline, judge, how, (done, rows) => {
        console.error(`${done} of ${renders} renders\n${classificationTable(rows)}`);
      });
      report.classification = rows;
      console.log(classificationTable(rows));
    }
    if (values.json === undefined) return;
    return await Deno.writeTextFile(values.json, JSON.stringify(report, null, 1) + "\n");
  }
  const splits = [
    { split: "seen", specs: SEEN_SPECS, seed: REAL_SEED },
    { split: "held-out", specs: HELD_OUT_SPECS, seed: REAL_SEED + 1 },
  ] as const;
  const rows: { name: string; n: number; score: Score }[] = [];
  const reals: Judged[] = [];
  for (const { split, specs, seed } of splits) {
    const real = await realPictures(specs, judge, seed);
    reals.push(...real);
    rows.push({ name: `real renders, ${split}`, n: real.length, score: score(real) });
  }
  if (repository.has("vae_encoder")) {
    await using autoencoder = await openAutoencoder(repository);
    const through = (pictures: Pixels[]) => reconstruct(autoencoder, pictures);
    for (const { split, specs, seed } of splits) {
      const real = await realPictures(specs, judge, seed, through);
      rows.push({ name: `through autoencoder, ${split}`, n: real.length, score: score(real) });
    }
  }
  if (values["real-only"]) return console.log(table(rows));

  const settings = {
    ...(values.steps === undefined ? {} : { steps: wholeNumber("steps", values.steps) }),
    ...(values.guidance === undefined ? {} : { guidanceScale: Number(values.guidance) }),
  };
  await using pipeline = await textPipeline(repository);
  const drawn: (Judged & { readonly prompt: Prompt; readonly seed: number })[] = [];
  const started = performance.now();
  for (const [i, prompt] of prompts.entries()) {
    const pictures = await pipeline.generate({ prompt: prompt.text }, { ...settings, seeds });
    const verdicts = await judge.look(pictures);
    verdicts.forEach((verdict, k) =>
      drawn.push({ prompt, spec: prompt, seed: seeds[k]!, verdict })
    );
    if (Deno.stderr.isTerminal() || i % 20 === 19) {
      const seconds = (performance.now() - started) / 1000;
      console.error(
        `${i + 1} of ${prompts.length} prompts, ${(seconds / drawn.length).toFixed(2)} s a picture`,
      );
    }
  }
  for (const split of ["seen", "held-out"] as const) {
    for (const language of ["en", "uk"] as const) {
      const own = drawn.filter(({ prompt }) =>
        prompt.split === split && prompt.language === language
      );
      if (own.length === 0) continue;
      const name = `${split}, ${language === "en" ? "English" : "Ukrainian"}`;
      rows.push({ name, n: own.length, score: score(own) });
    }
  }
  rows.push({ name: "everything drawn", n: drawn.length, score: score(drawn) });
  console.log(table(rows));

  const features = (judged: readonly Judged[]) => judged.map(({ verdict }) => verdict.features);
  const seconds = await realPictures([...SEEN_SPECS, ...HELD_OUT_SPECS], judge, REAL_SEED + 2);
  const distance = drawn.length < 2 ? undefined : frechetDistance(features(drawn), features(reals));
  const floor = frechetDistance(features(reals), features(seconds));
  console.log(
    `\nFréchet distance in the judge's features: ${
      distance?.toFixed(2) ?? "-"
    } (${drawn.length} drawn, ` +
      `${reals.length} real); between two sets of real renders: ${floor.toFixed(2)}`,
  );
  if (values.json !== undefined) {
    const report = {
      model: values.model,
      ...settings,
      seeds,
      rows,
      frechet: { distance, floor, drawn: drawn.length, real: reals.length },
      pictures: drawn.map(({ prompt, seed, verdict }) => ({
        ...prompt,
        seed,
        judged: verdict.labels,
      })),
    };
    await Deno.writeTextFile(values.json, JSON.stringify(report, null, 1) + "\n");
  }
}

if (import.meta.main) await main();
