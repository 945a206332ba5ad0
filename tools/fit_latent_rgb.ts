/**
 * Finds the colours of a model's latents, by which `--preview latent` shows them: red, green and blue
 * as linear functions of the channels, fitted by least squares to pictures that the model draws and
 * their latents. Writes `latent_rgb_factors` and `latent_rgb_bias` into the decoder's config.json.
 *
 * `deno run -A tools/fit_latent_rgb.ts weights/shum-emoji-256`
 */
import { join } from "@std/path";
import { fromPretrained, type Preview } from "@shum/pipelines";

const PROMPTS = [
  "black cat with red eyes",
  "red apple on a blue background",
  "green frog on a yellow background",
  "purple heart on a black background",
  "orange car on a green background",
  "turquoise owl on a pink background",
  "white rabbit on a red background",
  "brown bear on a turquoise background",
  "blue umbrella on an orange background",
  "pink flower on a gray background",
  "yellow star on a purple background",
  "gray elephant on a white background",
  "black cat", // most pictures are on white
  "red apple",
  "green tree",
  "blue whale",
  "yellow banana",
  "purple grapes",
  "orange fox",
  "pink pig",
  "brown horse",
  "white snowman",
  "gray mouse",
  "turquoise fish",
];

const [folder] = Deno.args;
if (folder === undefined) throw new TypeError("Cannot fit colours: expected the folder of a model");
await using pipeline = await fromPretrained(folder);
if (pipeline.kind !== "text-to-image") throw new TypeError("Cannot fit colours: expected texts");

const rows: number[][] = [];
const colours: number[][] = [];
for (const [seed, prompt] of PROMPTS.entries()) {
  const stream = pipeline.stream({ prompt }, { seed });
  let last: Preview | undefined;
  let x0 = new Float32Array();
  let next = await stream.next();
  while (!next.done) {
    last = next.value;
    x0 = Float32Array.from(last.x);
    next = await stream.next();
  }
  const [picture] = next.value;
  const [, channels, height, width] = last!.shape;
  const cell = picture.width / width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = [1];
      for (let c = 0; c < channels; c++) row.push(x0[(c * height + y) * width + x]!);
      const mean = [0, 0, 0];
      for (let j = 0; j < cell; j++) {
        for (let i = 0; i < cell; i++) {
          const at = ((y * cell + j) * picture.width + x * cell + i) * 3;
          for (let c = 0; c < 3; c++) mean[c]! += picture.data[at + c]!;
        }
      }
      rows.push(row);
      colours.push(mean.map((sum) => sum / cell ** 2 / 127.5 - 1));
    }
  }
}

/** Solves `A x = b` by elimination with pivots; A is symmetric and positive. */
function solve(a: number[][], b: number[]): number[] {
  const n = b.length;
  const m = a.map((row, i) => [...row, b[i]!]);
  for (let i = 0; i < n; i++) {
    const pivot = m.slice(i).reduce(
      (best, row, k) => Math.abs(row[i]!) > Math.abs(m[best]![i]!) ? i + k : best,
      i,
    );
    [m[i], m[pivot]] = [m[pivot]!, m[i]!];
    for (let r = 0; r < n; r++) {
      if (r === i) continue;
      const factor = m[r]![i]! / m[i]![i]!;
      for (let c = i; c <= n; c++) m[r]![c]! -= factor * m[i]![c]!;
    }
  }
  return m.map((row, i) => row[n]! / row[i]!);
}

const n = rows[0]!.length;
const gram = Array.from(
  { length: n },
  (_, i) => Array.from({ length: n }, (_, j) => rows.reduce((s, r) => s + r[i]! * r[j]!, 0)),
);
const fitted = [0, 1, 2].map((c) =>
  solve(
    gram,
    Array.from({ length: n }, (_, i) => rows.reduce((s, r, k) => s + r[i]! * colours[k]![c]!, 0)),
  )
);
const error = Math.sqrt(
  rows.reduce(
    (sum, row, k) =>
      sum +
      fitted.reduce(
        (s, f, c) => s + (row.reduce((v, x, i) => v + x * f[i]!, 0) - colours[k]![c]!) ** 2,
        0,
      ),
    0,
  ) / (3 * rows.length),
);
const digits = (value: number) => Number(value.toFixed(4));
const path = join(folder, "vae_decoder", "config.json");
const config = JSON.parse(await Deno.readTextFile(path));
config.latent_rgb_factors = Array.from(
  { length: n - 1 },
  (_, i) => fitted.map((f) => digits(f[i + 1]!)),
);
config.latent_rgb_bias = fitted.map((f) => digits(f[0]!));
await Deno.writeTextFile(path, JSON.stringify(config, null, 2) + "\n");
console.log(`${rows.length} cells, error ${(error * 127.5).toFixed(1)} of 255 (root mean square)`);
