/**
 * Makes a data set: pictures and records in shards, or records alone.
 *
 * `deno run -A training/data/main.ts --seed 0 --count 60000 --out DIR [--workers 2] [--size 256] [--captions-only]`
 *
 * @module
 */
import { parseArgs } from "node:util";
import { COLORS, EYE_COLORS } from "./color.ts";
import { compose } from "./compose.ts";
import { CORE_OBJECTS } from "./core_objects.ts";
import { STYLES } from "./icon_sets.ts";
import { loadOtherDrawings } from "./other_objects.ts";
import { rasterise } from "./rasterise.ts";
import { makeRecord } from "./record.ts";
import { SHARD_LENGTH, shardName, writeShard } from "./shards.ts";

/** What one worker is asked to do: shards `first`, `first + stride`, … */
interface Job {
  readonly seed: number;
  readonly count: number;
  readonly out: string;
  readonly size: number;
  readonly captionsOnly: boolean;
  readonly shardLength: number;
  readonly first: number;
  readonly stride: number;
}

/** Records per shard of captions: they are small. */
const CAPTION_SHARD_LENGTH = 20_000;

async function work(job: Job, report: (done: number) => void): Promise<void> {
  const { seed, count, out, size, captionsOnly, shardLength: length } = job;
  for (let shard = job.first; shard * length < count; shard += job.stride) {
    const n = Math.min(length, count - shard * length);
    const finished = await exists(
      `${out}/${shardName(captionsOnly ? "records" : "images", shard)}`,
    );
    if (!finished) {
      const images = captionsOnly ? undefined : new Uint8Array(n * size * size * 3);
      const records: unknown[] = [];
      for (let i = 0; i < n; i++) {
        const { record, scene } = makeRecord(seed, shard * length + i);
        records.push(record);
        images?.set(await rasterise(compose(scene.composition, size), size), i * size * size * 3);
      }
      await writeShard(out, shard, records, images);
    }
    report(n);
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The classes that records use, for the judge and the text encoder. */
function vocabulary(): unknown {
  const core = CORE_OBJECTS.map(({ id, kind, english, ukrainian, recolour }) => ({
    id,
    core: true,
    kind,
    recolour,
    names_en: english,
    names_uk: ukrainian.map(({ name }) => name),
  }));
  const others = new Map(
    loadOtherDrawings().map(({ object, english, ukrainian }) => [object, {
      id: object,
      core: false,
      names_en: english,
      names_uk: ukrainian,
    }]),
  );
  return {
    objects: [...core, ...[...others.values()].sort((a, b) => a.id < b.id ? -1 : 1)],
    colors: COLORS,
    eye_colors: EYE_COLORS,
    backgrounds: COLORS,
    styles: STYLES,
  };
}

const isWorker =
  typeof (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope !== "undefined";

if (isWorker) {
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<Job>) => void;
    postMessage(message: number | "done"): void;
  };
  scope.onmessage = async ({ data }) => {
    await work(data, (done) => scope.postMessage(done));
    scope.postMessage("done");
  };
} else if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      seed: { type: "string", default: "0" },
      count: { type: "string", default: "60000" },
      out: { type: "string" },
      workers: { type: "string", default: "2" },
      size: { type: "string", default: "256" },
      "shard-length": { type: "string" },
      "captions-only": { type: "boolean", default: false },
    },
  });
  const whole = (name: "seed" | "count" | "workers" | "size" | "shard-length"): number => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 0) {
      throw new RangeError(
        `Cannot make data: --${name} is ${values[name]}; expected a whole number`,
      );
    }
    return number;
  };
  if (values.out === undefined) {
    throw new TypeError("Cannot make data: --out is missing; expected a folder");
  }
  const out = values.out, count = whole("count"), stride = Math.max(1, whole("workers"));
  const shardLength = values["shard-length"] !== undefined
    ? Math.max(1, whole("shard-length"))
    : values["captions-only"]
    ? CAPTION_SHARD_LENGTH
    : SHARD_LENGTH;
  await Deno.mkdir(out, { recursive: true });
  await Deno.writeTextFile(`${out}/vocab.json`, JSON.stringify(vocabulary(), null, 1) + "\n");
  const started = performance.now();
  let done = 0;
  const perSecond = () => done / ((performance.now() - started) / 1000);
  await Promise.all(
    Array.from({ length: stride }, (_, first) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(import.meta.url, { type: "module" });
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }: MessageEvent<number | "done">) => {
          if (data === "done") {
            worker.terminate();
            resolve();
            return;
          }
          done += data;
          console.log(`${done} of ${count}, ${perSecond().toFixed(0)} a second`);
        };
        worker.postMessage(
          {
            seed: whole("seed"),
            count,
            out,
            size: whole("size"),
            captionsOnly: values["captions-only"],
            shardLength,
            first,
            stride,
          } satisfies Job,
        );
      })),
  );
  await Deno.writeTextFile(`${out}/DONE`, `${count}\n`);
  console.log(`${count} records in ${out}: ${perSecond().toFixed(0)} a second`);
}
