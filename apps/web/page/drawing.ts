/**
 * The model in the page, and a picture of it.
 *
 * @module
 */
import { type FileProgress, web, webFiles } from "@shum/models/web";
import { fromPretrained, type Image, type Picture, type TextToImage } from "@shum/pipelines";
import { latentPicture, type LatentRgb, readLatentRgb } from "../../cli/picture/preview.ts";

const MODEL = "shum-emoji-256";
const FIRST = ["text_encoder", "unet", "vae_decoder"];

/** What a picture is drawn with. */
export interface Settings {
  readonly prompt: string;
  readonly seed: number;
  readonly steps: number;
  readonly guidanceScale: number;
  /** "" for the model's own. */
  readonly sampler: string;
  /** "" for the sampler's own. */
  readonly schedule: string;
  /** How much of the start picture may change; counts only where there is one. */
  readonly strength: number;
}

/** Bytes that have arrived, of those that a first picture takes. */
export interface Arrival {
  readonly loaded: number;
  readonly total: number;
}

/** The model, ready to draw. */
export interface Model {
  readonly pipeline: TextToImage;
  readonly colours: LatentRgb | undefined;
}

/** Opens the model and fetches what a first picture takes. */
export async function openModel(onArrival: (arrival: Arrival) => void): Promise<Model> {
  const loaded = new Map<string, number>();
  let total = 0;
  const onProgress = (progress: FileProgress) => {
    loaded.set(progress.path, progress.loaded);
    const sum = FIRST.reduce((sum, name) => sum + (loaded.get(`${name}/model.onnx`) ?? 0), 0);
    onArrival({ loaded: Math.min(sum, total), total });
  };
  const files = await webFiles(`./models/${MODEL}`, { onProgress });
  total = FIRST.reduce((sum, name) => sum + (files.sizes.get(`${name}/model.onnx`) ?? 0), 0);
  const pipeline = await fromPretrained(files, { engine: web({ worker: "./worker.js" }) });
  await Promise.all(FIRST.map((name) => files.graph(name)));
  return { pipeline, colours: readLatentRgb(await files.json("vae_decoder", "config.json")) };
}

/** Where a run stands. */
export interface Step {
  readonly done: number;
  readonly total: number;
  readonly picture: Picture;
}

/** Draws one picture and shows the way there. */
export async function draw(
  { pipeline, colours }: Model,
  settings: Settings,
  start: Picture | undefined,
  signal: AbortSignal,
  onStep: (step: Step) => void,
): Promise<Image> {
  const { prompt, strength, seed, steps, guidanceScale, sampler, schedule } = settings;
  const options = {
    seed,
    steps,
    guidanceScale,
    signal,
    ...sampler !== "" && { sampler },
    ...schedule !== "" && { schedule },
  };
  const stream = start
    ? pipeline.imageToImage.stream({ prompt, image: start, strength }, options)
    : pipeline.stream({ prompt }, options);
  while (true) {
    const { done, value } = await stream.next();
    if (done) return value[0];
    const picture = latentPicture(value.x0, value.shape, 0, colours);
    onStep({ done: value.index + 1, total: value.total, picture });
  }
}
