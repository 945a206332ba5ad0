// The score can be learned without knowing the density: add noise to data and let a network guess the noise.
// Its best guess is -sigma times the score of the noisy data (denoising score matching).
import { gaussianNoise, torchRandom } from "@shum/schedulers";
import { finish, output } from "./_example.ts";
import { CLOUDS } from "./_mixture.ts";
import { Mlp } from "./_mlp.ts";
import { BLUE, Canvas, GREY, INK, ORANGE } from "./_plot.ts";

const noise = gaussianNoise(torchRandom(4)), net = new Mlp([3, 64, 64, 2], noise);
const STEPS = 1500, BATCH = 128, [low, high] = [0.2, 2];
const input = (x: number, y: number, sigma: number) =>
  [x, y].map((v) => v / Math.hypot(1, sigma)).concat(Math.log(sigma));
const sigmaOf = (u: number) => low * (high / low) ** u;

const losses: number[] = [], z = new Float32Array(2 * BATCH);
for (let step = 0; step < STEPS; step++) {
  const data = CLOUDS.sample(BATCH, noise);
  noise(z);
  const sigmas = Array.from({ length: BATCH }, (_, i) => sigmaOf((i + 0.5) / BATCH));
  const inputs = sigmas.map((s, i) =>
    input(data[2 * i]! + s * z[2 * i]!, data[2 * i + 1]! + s * z[2 * i + 1]!, s)
  );
  let loss = 0;
  net.train(inputs, (guess, i) => {
    const [a, b] = [guess[0]! - z[2 * i]!, guess[1]! - z[2 * i + 1]!];
    loss += (a * a + b * b) / BATCH;
    return [2 * a, 2 * b];
  }, 4e-3 * Math.min(1, 2 * (1 - step / STEPS)));
  losses[Math.floor(step / 25)] = (losses[Math.floor(step / 25)] ?? 0) + loss / 25;
}

// The exact score was never shown to the network. How near did it come, where noisy data lies?
let error = 0, size = 0, least = 0;
const test = CLOUDS.sample(4000, noise), own = new Float32Array(test.length);
noise(own);
for (let i = 0; i < test.length; i += 2) {
  const s = sigmaOf((i * 0.618) % 1), level = { t: 0, alpha: 1, sigma: s };
  const x = test.slice(i, i + 2).map((value, d) => value + s * own[i + d]!);
  const guess = net.forward(input(x[0]!, x[1]!, s)), best = CLOUDS.eps(x, level);
  for (const d of [0, 1]) {
    error += (guess[d]! - best[d]!) ** 2;
    size += best[d]! ** 2;
    least += (own[i + d]! - best[d]!) ** 2 / 4000;
  }
}
const canvas = new Canvas(800, 600),
  sigma = 0.4,
  level = { t: 0, alpha: 1, sigma },
  explained = 1 - error / size;
canvas.heading(24, 14, "A network that guesses noise has learned the score");
for (const [k, title] of [`exact score at σ = ${sigma}`, "learned from samples alone"].entries()) {
  const panel = canvas.panel(24 + 388 * k, 66, 364, 300, [-2.4, 2.4], [-2, 2], title);
  panel.shade((x, y) => 1.6 * Math.exp(CLOUDS.logDensity(x, y, level)), BLUE);
  panel.arrows((x, y) => {
    const eps = k ? net.forward(input(x, y, sigma)) : CLOUDS.eps(Float32Array.of(x, y), level);
    return [-11 * eps[0]!, -11 * eps[1]!];
  }, k ? ORANGE : INK);
}
const plot = canvas.panel(64, 418, 712, 120, [0, STEPS], [0.6, 2], "loss, mean of 25 steps");
plot.curve([0, STEPS], [least, least], GREY, 1.2);
plot.curve(losses.map((_, i) => 25 * i), losses, ORANGE);
plot.axes(
  [0, 500, 1000, 1500],
  [1, 1.5, 2],
  "steps of Adam; grey: the loss of the exact score",
);
const path = output("04_denoising.png");
await canvas.save(path);
finish(
  path,
  `Left the exact score, right what a network of two layers made of noisy samples. The loss does not go to 0:
noise cannot be guessed exactly, and ${
    least.toFixed(2)
  } is the least there is. The learned score has ${(100 * explained).toFixed(1)} %
of the exact one's variation.`,
  "share of the exact score that was learned",
  explained,
  0.97,
);
