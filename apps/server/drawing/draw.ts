/**
 * From a request to pictures: the same way as `deno task gen`, so the same settings make the same file.
 *
 * @module
 */

import type { Image } from "@shum/pipelines";
import {
  encodePicture,
  infotext,
  pictureRecord,
  planBatches,
  recordTexts,
  resolveJob,
  type Rgb,
} from "../cli.ts";
import type { ModelTable, ServedModel } from "../models.ts";
import type { Drawn, DrawRequest } from "./request.ts";

/** What happens while a request is drawn. */
export type DrawEvent =
  | {
    readonly type: "progress";
    readonly picture: number;
    readonly step: number;
    readonly steps: number;
  }
  | {
    readonly type: "preview";
    readonly picture: number;
    readonly step: number;
    readonly width: number;
    readonly height: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | { readonly type: "picture"; readonly picture: number; readonly drawn: Drawn };

/** What a run is told while it lasts. */
export interface DrawOptions {
  readonly signal: AbortSignal;
  /** Whether somebody wants to see the picture as it is; asked once per step. */
  readonly peeked?: () => boolean;
}

type Resolved = Awaited<ReturnType<typeof resolveJob>>;

function resolve(
  { given, picture, mask }: DrawRequest,
  { opened }: ServedModel,
): Promise<Resolved> {
  const { seed, variationSeed, variationStrength } = given;
  const varied = variationStrength !== undefined && variationStrength > 0;
  const job = { given, seed, variationSeed: varied ? variationSeed ?? 0 : undefined };
  return resolveJob(job, opened, picture && { picture, mask });
}

/**
 * Checks a request against its model, without opening a network.
 *
 * @throws {Error} A setting does not suit the model.
 */
export async function checkRequest(request: DrawRequest, models: ModelTable): Promise<void> {
  await resolve(request, models.get(request.model));
}

/** Draws what a request asks for, one picture after the other. */
export async function* draw(
  request: DrawRequest,
  models: ModelTable,
  { signal, peeked = () => false }: DrawOptions,
): AsyncGenerator<DrawEvent, void> {
  const model = models.get(request.model);
  const job = await resolve(request, model);
  let picture = 0;
  for (const batch of planBatches(job.job)) {
    const stream = job.stream(batch, signal);
    try {
      for (let next = await stream.next();; next = await stream.next()) {
        if (next.done) {
          const [image] = next.value;
          const drawn = await finished(image!, job, batch.variationSeed, request, model);
          yield { type: "picture", picture, drawn };
          break;
        }
        const { index, total } = next.value;
        const step = index + 1;
        yield { type: "progress", picture, step, steps: total };
        const wanted = peeked();
        if (step < total && (wanted || showsAt(step, total, request.previews))) {
          const [shown] = await next.value.decode();
          const { width, height, data } = job.finish(shown!);
          const bytes = await encode({ width, height, data }, request);
          yield { type: "preview", picture, step, width, height, bytes };
        }
      }
    } finally {
      await stream.return([]);
    }
    picture++;
  }
}

/** Whether one of `count` previews, evenly spread over the run, is due after a step. */
export function showsAt(step: number, total: number, count: number): boolean {
  for (let k = 1; k <= count; k++) {
    if (Math.max(1, Math.floor(k * total / (count + 1))) === step) return true;
  }
  return false;
}

async function encode(
  picture: Rgb,
  { format, quality }: DrawRequest,
  texts: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await encodePicture(picture, format, texts, quality));
}

async function finished(
  image: Image,
  job: Resolved,
  variationSeed: number | undefined,
  request: DrawRequest,
  model: ServedModel,
): Promise<Drawn> {
  const picture = job.finish(image);
  const { width, height } = picture;
  const record = pictureRecord({
    settings: {
      width,
      height,
      ...job.settings,
      seed: image.seed,
      ...(variationSeed === undefined ? {} : { variationSeed }),
    },
    model: await model.facts(),
    sampler: job.sampler,
  });
  const bytes = await encode(picture, request, recordTexts(record));
  return { bytes, seed: image.seed, width, height, infotext: infotext(record) };
}
