/**
 * Draws weights/samplers.png: one prompt and one seed by every sampler, at the model's own number of
 * steps. `deno run -A tools/sampler_sheet.ts`
 */
import { fromFileUrl } from "@std/path";
import { fromPretrained, resize } from "@shum/pipelines";
import { samplerNames } from "@shum/schedulers";
import { Canvas } from "../apps/cli/picture/canvas.ts";
import { encodePng } from "../apps/cli/picture/png.ts";

const PROMPT = "black cat with red eyes";
const COLUMNS = 7, CELL = 144, GAP = 6, LABEL = 20;

const weights = (name: string) => fromFileUrl(new URL(`../weights/${name}`, import.meta.url));
const names = samplerNames().map(({ name }) => name);
const rows = Math.ceil(names.length / COLUMNS);
const sheet = new Canvas(COLUMNS * (CELL + GAP) + GAP, rows * (CELL + LABEL + GAP) + GAP);

await using pipeline = await fromPretrained(weights("shum-emoji-256"), { device: "cpu" });
if (pipeline.kind !== "text-to-image") throw new TypeError("the model draws no prompts");
for (const [i, name] of names.entries()) {
  const [image] = await pipeline.generate({ prompt: PROMPT }, { seed: 1, sampler: name });
  const { data } = resize(image!, CELL, CELL);
  const left = GAP + (i % COLUMNS) * (CELL + GAP);
  const top = GAP + Math.floor(i / COLUMNS) * (CELL + LABEL + GAP);
  for (let y = 0; y < CELL; y++) {
    const row = data.subarray(3 * y * CELL, 3 * (y + 1) * CELL);
    sheet.data.set(row, 3 * ((top + y) * sheet.width + left));
  }
  sheet.text(name, left + CELL / 2, top + CELL + 4, 2, 0.5);
  console.log(name);
}
const bytes = encodePng(sheet, { Prompt: PROMPT });
await Deno.writeFile(weights("samplers.png"), bytes);
console.log(`weights/samplers.png: ${(bytes.length / 1024).toFixed(0)} KB`);
