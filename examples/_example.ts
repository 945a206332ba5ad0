/**
 * What every example does: it finds its folder, prints, and ends with a number that is checked.
 *
 * @module
 */
import { fromPretrained, type Picture, type TextToImage } from "@shum/pipelines";

/** The path of a picture, in the folder that the command line names or in `out/examples`. */
export function output(name: string): string {
  const folder = Deno.args[0] ?? "out/examples";
  Deno.mkdirSync(folder, { recursive: true });
  return `${folder}/${name}`;
}

/** Prints what to see, the picture's path, and last the property that must hold; fails if it does not. */
export function finish(
  path: string,
  see: string,
  what: string,
  value: number,
  least: number,
): void {
  console.log(`\n${see}\n\nPicture: ${path}`);
  const shown = (n: number) => Number(n.toPrecision(4));
  console.log(`Checked: ${what}: ${shown(value)} >= ${shown(least)}`);
  if (!(value >= least)) Deno.exit(1);
}

/** The model that ships. */
export async function emojiModel(): Promise<TextToImage> {
  const folder = new URL("../weights/shum-emoji-256", import.meta.url).pathname;
  const pipeline = await fromPretrained(folder, { device: "cpu" });
  if (pipeline.kind !== "text-to-image") throw new TypeError(`Cannot use ${folder}: no text model`);
  return pipeline;
}

/** Peak signal-to-noise ratio of two pictures of one size, in decibels. */
export function psnr(a: Picture, b: Picture): number {
  let square = 0;
  for (let i = 0; i < a.data.length; i++) square += (a.data[i]! - b.data[i]!) ** 2;
  return 10 * Math.log10(255 ** 2 * a.data.length / square);
}
