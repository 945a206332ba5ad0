// Guidance without a classifier: a model that knows p(x | y) and p(x) is its own classifier, by Bayes. With scale g
// the prediction is u + g·(c - u): at 1 the condition as it is, above it the condition exaggerated.
import { classifierFree } from "@shum/guidance";
import { denoise, drain } from "@shum/pipelines";
import { compile, ddim, epsilon, gaussianNoise, torchRandom, vpSde } from "@shum/schedulers";
import { emojiModel, finish, output } from "./_example.ts";
import { CLASSES, CLEAN } from "./_mixture.ts";
import { BLUE, Canvas, GREY, ORANGE } from "./_plot.ts";

const wanted = CLASSES.of(1), sde = vpSde(), POINTS = 1200, SCALES = [1, 2, 4, 8];
const levels = [...Array.from({ length: 200 }, (_, i) => sde.at(1 - i / 200)), CLEAN];
const plan = compile(ddim({ eta: 0 }), epsilon, sde, levels);
const canvas = new Canvas(800, 700), prompt = "red apple", seeds = [3, 4];
canvas.heading(16, 10, "Classifier-free guidance at scales 1, 2, 4 and 8");
canvas.text(16, 262, `the model that ships, "${prompt}", two seeds:`);

await using pipeline = await emojiModel();
const spreads = [];
for (const [k, scale] of SCALES.entries()) {
  const noise = gaussianNoise(torchRandom(7)),
    x = new Float32Array(2 * POINTS),
    left = 16 + 196 * k;
  noise(x);
  const guidance = classifierFree({ scale });
  const predict = (x: Float32Array, t: number) =>
    Promise.resolve([wanted, CLASSES].map((mixture) => mixture.eps(x, sde.at(t))));
  const result = await drain(denoise({ plan, x, noise, batch: POINTS, guidance, predict }));
  const mean = [0, 1].map((d) => result.reduce((s, v, i) => i % 2 === d ? s + v / POINTS : s, 0));
  const square = result.reduce((s, v, i) => s + (v - mean[i % 2]!) ** 2 / POINTS, 0);
  spreads.push(Math.sqrt(square));
  const panel = canvas.panel(left, 58, 180, 160, [-2.6, 3.2], [-3, 2.2], `g = ${scale}`);
  for (const [label, colour] of [[0, BLUE], [1, ORANGE]] as const) {
    panel.shade((x, y) => 1.2 * Math.exp(CLASSES.of(label).logDensity(x, y)), colour);
  }
  panel.dots(result, 0x333340, 1.1, 0.55);
  canvas.text(left, 222, `spread ${spreads[k]!.toFixed(2)}`, GREY);
  const images = await pipeline.generate({ prompt }, { seeds, guidanceScale: scale, steps: 15 });
  images.forEach((image, row) => canvas.picture(image, left, 292 + 198 * row, 180));
  console.log(`g = ${scale}: spread of the orange class's samples ${spreads[k]!.toFixed(3)}`);
}
const path = output("08_classifier_free.png");
await canvas.save(path);
finish(
  path,
  `Above: the samples of a class crowd together away from the other class as the scale rises. Below: at scale 1 the
apples are washed out and unsure, at 4 they are what was asked for, at 8 exaggerated and ever more alike.`,
  "how many times the spread at scale 1 is that at scale 8",
  spreads[0]! / spreads[3]!,
  1.3,
);
