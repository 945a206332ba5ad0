// Langevin dynamics at one small noise gets stuck: no score leads from cloud to cloud, and far from data there
// is none worth following. Annealing begins where noise has joined everything, and lets it fall step by step.
import { gaussianNoise, score, scoreSampler, torchRandom, veSde } from "@shum/schedulers";
import { emojiModel, finish, output } from "./_example.ts";
import { CLEAN, Mixture } from "./_mixture.ts";
import { BLUE, Canvas, GREEN, GREY, ORANGE } from "./_plot.ts";

const METHODS = ["sgld", "langevin"] as const;
const mixture = new Mixture([
  { weight: 0.8, mean: [2, 1.2], deviation: 0.35 },
  { weight: 0.2, mean: [-2, -1.2], deviation: 0.35 },
]);
const canvas = new Canvas(800, 640), POINTS = 1500, sde = veSde({ sigmaMin: 0.05, sigmaMax: 20 });
canvas.heading(24, 12, "One noise level gets stuck; annealed noise does not");
const shares = METHODS.map((method, k) => {
  const noise = gaussianNoise(torchRandom(1)), z = new Float32Array(2 * POINTS);
  noise(z);
  const run = scoreSampler(method, sde, score, z, { noise, steps: 1500 });
  while (!run.done) run.step(mixture.score(run.x, run.level));
  const right = run.x.filter((x, i) => i % 2 === 0 && x > 0).length / POINTS;
  const title = k ? "annealed, σ from 20 to 0.05" : "SGLD at σ = 0.1";
  const panel = canvas.panel(24 + 388 * k, 66, 364, 220, [-4.4, 4.4], [-2.66, 2.66], title);
  panel.shade((x, y) => 0.5 * Math.exp(mixture.logDensity(x, y, { ...CLEAN, sigma: 0.1 })), BLUE);
  panel.dots(run.x, k ? GREEN : ORANGE);
  canvas.text(32 + 388 * k, 70, `${(100 * right).toFixed(0)} % right; there should be 80 %`, GREY);
  return right;
});

// The same on pictures: the model that ships, seen as a score network.
await using pipeline = await emojiModel();
const prompt = "black cat with red eyes";
for (const [k, method] of METHODS.entries()) {
  const stream = pipeline.scoreBased.stream({ prompt, method }, { seed: 1, steps: 100 });
  const title = k ? "annealed: 20 levels of noise" : "SGLD: one level, 100 steps";
  canvas.text(24 + 388 * k, 318, title);
  let next = await stream.next(), shown = 0;
  for (; !next.done; next = await stream.next()) {
    const { index, total } = next.value;
    if (index !== Math.floor([0.35, 0.6, 1][shown]! * total) - 1) continue;
    const [picture] = await next.value.decode();
    canvas.picture(picture!, 24 + 388 * k + 126 * shown, 342, 112);
    canvas.text(24 + 388 * k + 126 * shown++, 456, `call ${index + 1}`, GREY);
  }
  canvas.picture(next.value[0]!, 24 + 388 * k + 100, 484, 148);
}
const path = output("03_annealing.png");
await canvas.save(path);
const [stuck, annealed] = shares.map((share) => Math.abs(share - 0.8));
finish(
  path,
  `Above: 80 % of the data lies right. SGLD keeps the ${
    (100 * shares[0]!).toFixed(0)
  } % that began nearer to the right cloud; annealing
finds ${
    (100 * shares[1]!).toFixed(0)
  } %. Below: on emoji, one level of noise gives a smear, and falling noise a cat.`,
  "how many times nearer annealing comes to the true share",
  stuck! / Math.max(annealed!, 0.01),
  3,
);
