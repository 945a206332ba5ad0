// Langevin dynamics follows the score and adds noise: x <- x + (rate / 2)·score + √rate·z. With small steps its
// points become samples of the density. Too large a step makes them too wide, and a larger one throws them out.
import { compile, gaussianNoise, Runner, score, sgld, torchRandom, veSde } from "@shum/schedulers";
import { finish, output } from "./_example.ts";
import { Mixture } from "./_mixture.ts";
import { BLUE, Canvas, GREEN, GREY, ORANGE, RED, saveGif } from "./_plot.ts";

const mixture = new Mixture([
  { weight: 0.5, mean: [-0.7, 0.3], deviation: 0.5 },
  { weight: 0.3, mean: [0.8, 0.7], deviation: 0.4 },
  { weight: 0.2, mean: [0.5, -0.8], deviation: 0.45 },
]);
const level = { t: 0, alpha: 1, sigma: 0.1 }; // data with a little noise, whose score exists everywhere
const exact = [0, 1].reduce((sum, d) =>
  sum +
  mixture.parts.reduce((s, { weight, mean, deviation }) =>
    s + weight * (mean[d]! ** 2 + deviation ** 2 + level.sigma ** 2), 0), 0);

const SHOWN = [0, 1, 2, 4, 8, 14, 24, 40, 70, 120, 240, 400];
const STEPS = 400,
  POINTS = 700,
  runs = [
    { rate: 0.02, colour: GREEN, name: "rate 0.02" },
    { rate: 0.4, colour: ORANGE, name: "rate 0.4: too wide" },
    { rate: 1.0, colour: RED, name: "rate 1.0: thrown out" },
  ].map((run, k) => {
    const noise = gaussianNoise(torchRandom(k));
    const plan = compile(sgld(run), score, veSde(), new Array(STEPS + 1).fill(level));
    const x = new Float32Array(2 * POINTS);
    noise(x);
    return {
      ...run,
      trail: [] as number[],
      runner: new Runner(plan, x.map((z) => 0.3 * z - 1), noise),
    };
  });
const frames: Canvas[] = [], bound = 2.6;
const square = (x: Float32Array) => x.reduce((sum, value) => sum + value * value, 0) / POINTS;
for (let step = 0; step <= STEPS; step++) {
  if (SHOWN.includes(step)) {
    const canvas = new Canvas(800, 326);
    canvas.heading(16, 8, `Langevin dynamics, step ${step}`);
    runs.forEach(({ runner, colour, name }, k) => {
      const panel = canvas.panel(
        16 + 262 * k,
        58,
        244,
        244,
        [-bound, bound],
        [-bound, bound],
        name,
      );
      panel.shade((x, y) => 1.1 * Math.exp(mixture.logDensity(x, y, level)), BLUE);
      panel.dots(runner.x, colour, 1.5, 0.8);
      const wide = `E|x|² = ${square(runner.x).toFixed(2)}, exact ${exact.toFixed(2)}`;
      canvas.text(panel.left, 306, wide, GREY);
    });
    frames.push(canvas);
  }
  for (const { runner, trail } of runs) {
    if (runner.done) continue;
    runner.step(mixture.score(runner.x, level));
    if (step > 100) trail.push(square(runner.x));
  }
}
const [good, wide, out] = runs.map(({ trail }) => trail.reduce((a, b) => a + b) / trail.length);
const path = output("02_langevin.gif");
await saveGif(frames, path, 300);
finish(
  path,
  `Green points spread until they are samples of the density: E|x|² over steps 100 to ${STEPS} is
${good!.toFixed(3)}, exactly ${exact.toFixed(3)}. A rate 20 times larger makes it ${
    wide!.toFixed(3)
  }, and 50 times larger ${out!.toFixed(3)}:
the error of a step is not corrected by later ones.`,
  "how many times nearer the small step comes to E|x|² than the large one",
  (wide! - exact) / Math.abs(good! - exact),
  3,
);
