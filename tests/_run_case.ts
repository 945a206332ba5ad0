/** Repeats one recorded run of diffusers through the public API. */
import type { AnyPipeline, Image, RunOptions } from "@shum/pipelines";
import { type Case, readPicture } from "./_fixtures.ts";

/** What a run came to. */
export interface Outcome {
  /** The final samples: latents where there is a VAE. */
  readonly latents: Float32Array;
  /** The time of each call of the network. */
  readonly times: readonly number[];
  readonly images: readonly Image[];
}

/** Runs a pipeline with a case's settings; `more` goes on top of them. */
export async function runCase(
  pipeline: AnyPipeline,
  settings: Case,
  more: RunOptions = {},
): Promise<Outcome> {
  const stream = await startCase(pipeline, settings, more);
  const times: number[] = [];
  let latents: Float32Array = new Float32Array(0);
  while (true) {
    const next = await stream.next();
    if (next.done) return { latents, times, images: next.value };
    times.push(next.value.level.t);
    latents = Float32Array.from(next.value.x);
  }
}

/** The stream of a case. */
export async function startCase(
  pipeline: AnyPipeline,
  settings: Case,
  more: RunOptions = {},
): Promise<ReturnType<AnyPipeline["stream"]>> {
  const { guidanceScale, guidanceRescale, eta, clipSkip, strength, width, height } = settings;
  const options: RunOptions = {
    steps: settings.steps,
    seeds: settings.seeds,
    scheduler: settings.schedulerConfig,
    ...guidanceScale !== undefined && { guidanceScale },
    ...guidanceRescale !== undefined && { guidanceRescale },
    ...eta !== undefined && { eta },
    ...clipSkip !== undefined && { clipSkip },
    ...settings.setTimesteps && { timesteps: settings.setTimesteps },
    ...settings.originalSize && { originalSize: settings.originalSize },
    ...settings.cropTopLeft && { cropTopLeft: settings.cropTopLeft },
    ...settings.targetSize && { targetSize: settings.targetSize },
    ...more,
  };
  if (pipeline.kind === "unconditional") return pipeline.stream({}, options);
  if (pipeline.kind === "class-conditional") {
    return pipeline.stream({ label: settings.classLabels! }, options);
  }
  const text = {
    prompt: settings.prompt!,
    ...settings.negativePrompt && { negativePrompt: settings.negativePrompt },
  };
  switch (settings.task) {
    case "imageToImage": {
      const image = await readPicture(settings.image!);
      return pipeline.imageToImage.stream({ ...text, image, strength: strength! }, options);
    }
    case "inpaint": {
      const image = await readPicture(settings.image!);
      const mask = await readPicture(settings.mask!);
      return pipeline.inpaint.stream({ ...text, image, mask, strength: strength! }, options);
    }
    default:
      return pipeline.stream(text, { ...options, width, height });
  }
}
