/** Reads tests/fixtures/pipelines: see its README. */
import type { SchedulerConfig } from "@shum/schedulers";
import type { Picture } from "@shum/pipelines";
import { decode } from "imagescript";

/** Where a result lies in its file. */
interface Part {
  readonly offset: number;
  readonly shape: readonly number[];
}

/** One run of diffusers: its settings and where its results lie. */
export interface Case {
  readonly id: string;
  readonly task: "textToImage" | "imageToImage" | "inpaint" | "unconditional" | "classConditional";
  readonly steps: number;
  readonly seeds: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly prompt?: readonly string[];
  readonly negativePrompt?: readonly string[] | null;
  readonly guidanceScale?: number;
  readonly guidanceRescale?: number;
  readonly eta?: number;
  readonly clipSkip?: number;
  readonly strength?: number;
  readonly classLabels?: readonly number[];
  readonly setTimesteps?: readonly number[];
  readonly originalSize?: readonly [number, number];
  readonly cropTopLeft?: readonly [number, number];
  readonly targetSize?: readonly [number, number];
  readonly image?: string;
  readonly mask?: string;
  readonly schedulerConfig: SchedulerConfig;
  readonly timesteps: readonly number[];
  readonly latents: Part;
  readonly pixels: Part;
}

/** A tiny pipeline, what was run on it, and what came out. */
export interface Fixture {
  readonly folder: string;
  readonly cases: readonly Case[];
  latents(part: Part): Float32Array;
  pixels(part: Part): Uint8Array;
}

const root = new URL("./fixtures/pipelines/", import.meta.url);

/** The folder of one family of pipelines. */
export function fixtureFolder(family: string): string {
  return new URL(family, root).pathname;
}

/** One family with its recorded results. */
export function readFixture(
  family: string,
  layout: "pipelines" | "safetensors" = "pipelines",
): Fixture {
  const folder = new URL(`../${layout}/${family}`, root).pathname;
  const latents = Deno.readFileSync(`${folder}/latents.bin`);
  const pixels = Deno.readFileSync(`${folder}/images.bin`);
  const length = ({ shape }: Part) => shape.reduce((a, b) => a * b, 1);
  return {
    folder,
    cases: JSON.parse(Deno.readTextFileSync(`${folder}/cases.json`)).cases,
    latents: (part) => new Float32Array(latents.buffer, 4 * part.offset, length(part)),
    pixels: (part) => pixels.subarray(part.offset, part.offset + length(part)),
  };
}

/** A picture beside the fixtures. */
export async function readPicture(name: string): Promise<Picture> {
  const { width, height, bitmap } = await decode(Deno.readFileSync(new URL(name, root))) as {
    width: number;
    height: number;
    bitmap: Uint8ClampedArray;
  };
  return { width, height, data: bitmap };
}

/** ‖a − b‖ / ‖b‖. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let difference = 0, norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** The largest difference of two 8-bit pictures. */
export function largestDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
