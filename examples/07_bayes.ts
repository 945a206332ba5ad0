// Bayes' rule for scores: ∇ log p(x | y) = ∇ log p(x) + ∇ log p(y | x). So a classifier turns a model of everything
// into a model of what is asked for. Its gradient times s samples p(x)·p(y | x)^s: s is an inverse temperature.
import { classifierGuidance } from "@shum/guidance";
import { denoise, drain } from "@shum/pipelines";
import { compile, ddpm, epsilon, gaussianNoise, torchRandom, vpSde } from "@shum/schedulers";
import { finish, output } from "./_example.ts";
import { CLASSES, CLEAN } from "./_mixture.ts";
import { BLUE, Canvas, GREY, ORANGE } from "./_plot.ts";

const wanted = CLASSES.of(1), sde = vpSde(), POINTS = 1500;
const levels = [...Array.from({ length: 250 }, (_, i) => sde.at(1 - i / 250)), CLEAN];
const plan = compile(ddpm(), epsilon, sde, levels);

/** The exact classifier of noisy data: log p(y | x) = log p(x | y) - log p(x) + log p(y). */
function gradient(x: Float32Array, t: number): Promise<Float32Array> {
  const [all, own] = [CLASSES, wanted].map((mixture) => mixture.score(x, sde.at(t)));
  return Promise.resolve(own!.map((value, i) => value - all![i]!));
}

async function sampled(scale: number): Promise<Float32Array> {
  const noise = gaussianNoise(torchRandom(7)), x = new Float32Array(2 * POINTS);
  noise(x);
  const guidance = classifierGuidance({ scale });
  const predict = (x: Float32Array, t: number) => Promise.resolve([CLASSES.eps(x, sde.at(t))]);
  return await drain(denoise({ plan, x, noise, batch: POINTS, guidance, predict, gradient }));
}

const canvas = new Canvas(800, 306);
canvas.heading(16, 10, "A classifier for the orange class, at four inverse temperatures s");
const found = [];
for (const [k, scale] of [0, 1, 3, 10].entries()) {
  const x = await sampled(scale);
  let sure = 0, cross = 0, mean = [0, 0];
  for (let i = 0; i < x.length; i += 2) {
    const own = wanted.logDensity(x[i]!, x[i + 1]!);
    sure += 0.5 * Math.exp(own - CLASSES.logDensity(x[i]!, x[i + 1]!)) / POINTS;
    cross -= own / POINTS / 2 / Math.LN2;
    mean = [mean[0]! + x[i]! / POINTS, mean[1]! + x[i + 1]! / POINTS];
  }
  const spread = Math.sqrt(x.reduce((sum, v, i) => sum + (v - mean[i % 2]!) ** 2, 0) / POINTS);
  const title = `s = ${scale}${scale === 1 ? ": p(x | y)" : scale === 0 ? ": p(x)" : ""}`;
  const panel = canvas.panel(16 + 196 * k, 62, 180, 180, [-2.5, 2.8], [-2.7, 2.6], title);
  for (const [label, colour] of [[0, BLUE], [1, ORANGE]] as const) {
    panel.shade((x, y) => 1.2 * Math.exp(CLASSES.of(label).logDensity(x, y)), colour);
  }
  panel.dots(x, 0x333340, 1.1, 0.55);
  canvas.text(16 + 196 * k, 250, `p(y | x) ${sure.toFixed(3)}`, GREY);
  canvas.text(16 + 196 * k, 270, `spread ${spread.toFixed(2)}`, GREY);
  console.log(
    `s = ${scale}: mean p(y | x) ${sure.toFixed(3)}, spread ${spread.toFixed(3)}, ` +
      `mean (${mean.map((m) => m.toFixed(2))})`,
  );
  found.push({ sure, spread, mean, cross });
}
const path = output("07_bayes.png");
await canvas.save(path);
const exact = [0.85, -0.65], [, fair, , hot] = found;
const off = Math.hypot(...fair!.mean.map((m, d) => m - exact[d]!));
finish(
  path,
  `Dots are samples. At s = 0 the classifier is not asked; at s = 1 they are the orange class, exactly (the mean is
off by ${
    off.toFixed(3)
  }); from there on the classifier grows surer and the samples grow alike: the spread falls
from ${fair!.spread.toFixed(2)} to ${hot!.spread.toFixed(2)} at s = 10.`,
  "1 minus the distance of the mean at s = 1 from the class's own",
  1 - off,
  0.93,
);
