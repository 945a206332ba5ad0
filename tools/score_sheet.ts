/**
 * Draws weights/score_samplers.png: the score-based samplers of one model, from one noise per row, beside
 * DDIM. `deno run -A tools/score_sheet.ts`
 */
import { fromFileUrl } from "@std/path";
import { fromPretrained, type Image, resize } from "@shum/pipelines";
import { scoreMethods } from "@shum/schedulers";
import { Canvas } from "../apps/cli/picture/canvas.ts";
import { encodePng } from "../apps/cli/picture/png.ts";

const PROMPTS = ["orange cat with green eyes", "red rocket", "blue umbrella"];
const CELL = 144, GAP = 6, LABEL = 34;

const weights = (name: string) => fromFileUrl(new URL(`../weights/${name}`, import.meta.url));
const columns = [...scoreMethods, "ddim"] as const;
const sheet = new Canvas(
  columns.length * (CELL + GAP) + GAP,
  PROMPTS.length * (CELL + GAP) + GAP + LABEL,
);

await using pipeline = await fromPretrained(weights("shum-emoji-256"), { device: "cpu" });
for (const [column, method] of columns.entries()) {
  const left = GAP + column * (CELL + GAP);
  let calls = 0;
  for (const [row, prompt] of PROMPTS.entries()) {
    const stream = method === "ddim"
      ? pipeline.stream({ prompt }, { seed: row + 1, sampler: "ddim" })
      : pipeline.scoreBased.stream({ prompt, method }, { seed: row + 1 });
    let next = await stream.next();
    for (calls = 0; !next.done; next = await stream.next()) calls++;
    draw(next.value[0], left, GAP + row * (CELL + GAP));
  }
  const below = GAP + PROMPTS.length * (CELL + GAP);
  sheet.text(method, left + CELL / 2, below, 2, 0.5);
  sheet.text(`${calls} calls`, left + CELL / 2, below + 16, 2, 0.5);
  console.log(`${method}: ${calls} calls`);
}
const bytes = encodePng(sheet, { Prompts: PROMPTS.join("; ") });
await Deno.writeFile(weights("score_samplers.png"), bytes);
console.log(`weights/score_samplers.png: ${(bytes.length / 1024).toFixed(0)} KB`);

function draw(image: Image, left: number, top: number): void {
  const { data } = resize(image, CELL, CELL);
  for (let y = 0; y < CELL; y++) {
    const row = data.subarray(3 * y * CELL, 3 * (y + 1) * CELL);
    sheet.data.set(row, 3 * ((top + y) * sheet.width + left));
  }
}
