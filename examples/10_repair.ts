// Repairing a picture with a model that was never trained to (DDNM): whatever it dreams of, after each step the part
// that was measured is put back. The rest is free, and the model makes it fit.
import { blockMeasurement, greyMeasurement, maskMeasurement, type Picture } from "@shum/pipelines";
import { emojiModel, finish, output, psnr } from "./_example.ts";
import { Canvas, GREY } from "./_plot.ts";

await using pipeline = await emojiModel();
const prompt = "orange cat with green eyes";
const [original] = await pipeline.generate({ prompt }, { seed: 5 });
const { width, height, data } = original!;

/** A picture made pixel by pixel, of `f(x, y, channel)`. */
function picture(size: number, f: (x: number, y: number, c: number) => number): Picture {
  const pixel = (i: number) => f(Math.floor(i / 3) % size, Math.floor(i / 3 / size), i % 3);
  return {
    width: size,
    height: size,
    data: Uint8Array.from({ length: 3 * size ** 2 }, (_, i) => pixel(i)),
  };
}
const at = (x: number, y: number, c: number) => data[3 * (y * width + x) + c]!;
const grey = picture(width, (x, y) => (at(x, y, 0) + at(x, y, 1) + at(x, y, 2)) / 3);
const small = picture(32, (x, y, c) => {
  let sum = 0;
  for (let i = 0; i < 64; i++) sum += at(8 * x + i % 8, 8 * y + (i >> 3), c);
  return Math.round(sum / 64);
});
const isHole = (x: number, y: number) => x > 60 && x < 122 && y > 58 && y < 120;
const mask = picture(width, (x, y) => isHole(x, y) ? 255 : 0);
const holed = picture(width, (x, y, c) => isHole(x, y) ? 190 : at(x, y, c));

const TASKS = [
  { title: "grey → colour", image: grey, measurement: greyMeasurement() },
  { title: "32 × 32 → 256 × 256", image: small, measurement: blockMeasurement(8) },
  {
    title: "hole → whole",
    image: holed,
    measurement: maskMeasurement(mask),
    travel: { length: 4, repeats: 2 },
  },
];
const canvas = new Canvas(800, 596), SIZE = 240;
canvas.heading(24, 12, "Given, and repaired by the model that ships");
const gains = [];
for (const [k, { title, ...task }] of TASKS.entries()) {
  const left = 24 + 256 * k, large = (x: number) => Math.floor(x * task.image.width / width);
  const [made] = await pipeline.restore.generate({ prompt, ...task }, { seed: 2, steps: 20 });
  const given = picture(
    width,
    (x, y, c) => task.image.data[3 * (large(y) * task.image.width + large(x)) + c]!,
  );
  const [before, after] = [given, made!].map((image) => psnr(image, original!));
  gains.push(after! - before!);
  canvas.text(left, 44, title);
  canvas.picture(task.image, left, 68, SIZE);
  canvas.picture(made!, left, 68 + SIZE + 14, SIZE);
  canvas.text(left, 68 + 2 * SIZE + 20, `${before!.toFixed(1)} dB → ${after!.toFixed(1)} dB`, GREY);
  console.log(`${title}: ${before!.toFixed(1)} dB before, ${after!.toFixed(1)} dB after`);
}
const path = output("10_repair.png");
await canvas.save(path);
finish(
  path,
  `Above what is given, below what DDNM makes of it, in ${width}×${height}: colours that the text names, edges that a small
picture cannot hold, an eye where there was a hole. All agree with what was given; decibels are of the distance to
the picture that was spoilt.`,
  "the least gain over what was given, in decibels",
  Math.min(...gains),
  3,
);
