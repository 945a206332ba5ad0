/**
 * Repairs of pictures that were spoilt on purpose: DDNM beside image to image at its best strength, and
 * beside what needs no model.
 *
 * @module
 */
import sharp, { type Sharp } from "sharp";
import {
  blockMeasurement,
  greyMeasurement,
  maskMeasurement,
  type Measurement,
  type TextToImage,
  wholeMeasurement,
} from "@shum/pipelines";
import { torchRandom } from "@shum/schedulers";
import type { Spec } from "../data/scene.ts";
import type { Judge, Pixels, Verdict } from "./judge.ts";
import { englishPrompt, HELD_OUT_SPECS, SEEN_SPECS } from "./prompts.ts";
import { render, SIZE, spread } from "./renders.ts";
import { percent, score } from "./score.ts";

const SEED = 4100;
/** Deviation of the noise of pictures to denoise, in parts of 255. */
const NOISE = 30;
const FACTOR = 4;
/** What image to image is tried at. */
const STRENGTHS = [0.3, 0.5, 0.7];
/** A hole of a quarter of the picture, in its middle. */
const isHole = (x: number, y: number) => x >= 64 && x < 192 && y >= 64 && y < 192;

const image = ({ data, width, height }: Pixels) =>
  sharp(data, { raw: { width, height, channels: 3 } });
const pixels = async (of: Sharp): Promise<Pixels> => {
  const { data, info } = await of.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};
const map = (picture: Pixels, f: (value: number, i: number) => number): Pixels => ({
  ...picture,
  data: Uint8ClampedArray.from(picture.data, f),
});

interface Spoilt {
  readonly name: string;
  readonly given: Pixels;
  readonly measurement: Measurement;
  /** What is done without a model. */
  readonly plain: readonly [name: string, picture: Pixels];
  readonly noise?: number;
  readonly mask?: Pixels;
}

/** A picture spoilt in every way. */
async function spoil(original: Pixels, seed: number): Promise<readonly Spoilt[]> {
  const { data } = original;
  const grey = map(original, (_, i) => {
    const at = i - i % 3;
    return (data[at]! + data[at + 1]! + data[at + 2]!) / 3;
  });
  const side = SIZE / FACTOR;
  const small = {
    width: side,
    height: side,
    data: Uint8ClampedArray.from({ length: 3 * side * side }, (_, i) => {
      const x = Math.floor(i / 3) % side, y = Math.floor(i / 3 / side);
      let sum = 0;
      for (let k = 0; k < FACTOR ** 2; k++) {
        const row = FACTOR * y + Math.floor(k / FACTOR), column = FACTOR * x + k % FACTOR;
        sum += data[3 * (row * SIZE + column) + i % 3]!;
      }
      return sum / FACTOR ** 2;
    }),
  };
  const z = new Float32Array(data.length);
  torchRandom(seed).fill(z);
  const noisy = map(original, (value, i) => value + NOISE * z[i]!);
  const at = (i: number) => [Math.floor(i / 3) % SIZE, Math.floor(i / 3 / SIZE)] as const;
  const mask = map(original, (_, i) => isHole(...at(i)) ? 255 : 0);
  const holed = map(original, (value, i) => isHole(...at(i)) ? 190 : value);
  return [
    { name: "colorize", given: grey, measurement: greyMeasurement(), plain: ["grey", grey] },
    {
      name: `enlarge ${FACTOR}`,
      given: small,
      measurement: blockMeasurement(FACTOR),
      plain: ["bicubic", await pixels(image(small).resize(SIZE, SIZE, { kernel: "cubic" }))],
    },
    {
      name: `denoise ${NOISE}`,
      given: noisy,
      measurement: wholeMeasurement(),
      noise: NOISE / 255,
      plain: ["median 5", await pixels(image(noisy).median(5))],
    },
    {
      name: "inpaint",
      given: holed,
      measurement: maskMeasurement(mask),
      mask,
      plain: ["hole", holed],
    },
  ];
}

/** Peak signal to noise ratio, in decibels. */
export function psnr(a: Pixels, b: Pixels): number {
  let square = 0;
  for (let i = 0; i < a.data.length; i++) square += (a.data[i]! - b.data[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 * a.data.length / Math.max(square, 1e-9));
}

interface Entry {
  readonly spec: Spec;
  readonly verdict: Verdict;
  readonly decibels: number;
}

/** One way of repairing, over all pictures. */
export interface RestorationRow {
  readonly task: string;
  readonly method: string;
  readonly pictures: number;
  /** Mean peak signal to noise ratio. */
  readonly psnr: number;
  /** Of which the judge named everything right. */
  readonly judged: string;
}

/**
 * Repairs renders by every method.
 *
 * @param count How many renders.
 * @param onRender Called after each.
 */
export async function restoration(
  pipeline: TextToImage,
  judge: Judge,
  count: number,
  onRender: (done: number, rows: readonly RestorationRow[]) => void,
): Promise<readonly RestorationRow[]> {
  const found = new Map<string, Map<string, Entry[]>>();
  for (const [i, spec] of spread([...SEEN_SPECS, ...HELD_OUT_SPECS], count).entries()) {
    const original = await render(spec, SEED, i);
    const prompt = englishPrompt(spec), seed = i;
    const told = { seed, width: SIZE, height: SIZE };
    for (const task of await spoil(original, SEED + i)) {
      const { given, measurement, noise, mask, plain: [name, plain] } = task;
      const made: [string, Pixels][] = [[name, plain]];
      const add = async (method: string, run: Promise<readonly [Pixels, ...Pixels[]]>) =>
        made.push([method, (await run)[0]]);
      if (mask) {
        const blend = { prompt, image: given, mask, keepOriginal: true };
        await add("blend", pipeline.inpaint.generate(blend, told));
      } else {
        for (const strength of STRENGTHS) {
          const input = { prompt, image: plain, strength };
          await add(`img2img ${strength}`, pipeline.imageToImage.generate(input, told));
        }
      }
      const repair = { image: given, measurement, noise };
      await add("DDNM, prompt", pipeline.restore.generate({ ...repair, prompt }, { seed }));
      await add("DDNM, none", pipeline.restore.generate(repair, { seed }));
      const verdicts = await judge.look(made.map(([, picture]) => picture));
      const own = found.get(task.name) ?? new Map<string, Entry[]>();
      found.set(task.name, own);
      for (const [k, [method, picture]] of made.entries()) {
        const entry = { spec, verdict: verdicts[k]!, decibels: psnr(picture, original) };
        own.set(method, [...own.get(method) ?? [], entry]);
      }
    }
    onRender(i + 1, rowsOf(found));
  }
  return rowsOf(found);
}

function rowsOf(found: ReadonlyMap<string, ReadonlyMap<string, Entry[]>>): RestorationRow[] {
  return [...found].flatMap(([task, methods]) =>
    [...methods].map(([method, entries]) => ({
      task,
      method,
      pictures: entries.length,
      psnr: entries.reduce((sum, { decibels }) => sum + decibels, 0) / entries.length,
      judged: percent(score(entries).all),
    }))
  );
}
