// The score of a density is the gradient of its logarithm. It needs no normaliser: a constant in front of
// the density is a constant added to its logarithm, and the gradient does not see it.
import { finish, output } from "./_example.ts";
import { CLEAN, CLOUDS } from "./_mixture.ts";
import { BLUE, Canvas } from "./_plot.ts";

const canvas = new Canvas(800, 452);
canvas.heading(24, 14, "The score ∇ log p points to where data is likelier");
for (const [k, sigma] of [0, 0.8].entries()) {
  const level = { ...CLEAN, sigma };
  const title = sigma === 0 ? "data" : `data + noise, σ = ${sigma}: one smooth hill`;
  const panel = canvas.panel(24 + 388 * k, 72, 364, 364, [-2.6, 2.6], [-2.6, 2.6], title);
  const most = Math.max(
    ...CLOUDS.parts.map(({ mean }) => CLOUDS.logDensity(...mean, level)),
  );
  panel.shade((x, y) => 0.85 * Math.exp(CLOUDS.logDensity(x, y, level) - most), BLUE);
  panel.arrows((x, y) => {
    const [dx, dy] = CLOUDS.score(Float32Array.of(x, y), level) as unknown as [number, number];
    const length = Math.hypot(dx, dy), drawn = 20 * Math.tanh(0.16 * length);
    return [drawn * dx / length, drawn * dy / length];
  });
}

// The same arrows without the normaliser: 1000·p has the score of p. By differences, at 500 points.
const points = CLOUDS.sample(500, (out) => out.forEach((_, i) => out[i] = normal(i)));
const h = 1e-4, exact = CLOUDS.score(points, CLEAN);
let worst = 0;
for (const factor of [1, 1000]) {
  const logOf = (x: number, y: number) => Math.log(factor * Math.exp(CLOUDS.logDensity(x, y)));
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    const slope = (logOf(x + h, y) - logOf(x - h, y)) / (2 * h);
    worst = Math.max(worst, Math.abs(slope - exact[i]!));
  }
}
const path = output("01_score.png");
await canvas.save(path);
finish(
  path,
  `Left: a density of three clouds (blue) and its score. Right: the same data with noise: the
clouds melt into one hill, and from everywhere the arrows lead up to it, which is what sampling will need.
Multiplied by 1000, the density has the same score: largest difference ${worst.toExponential(1)}.`,
  "digits in which the scores of p and 1000·p agree with the formula",
  -Math.log10(worst),
  4,
);

/** Numbers that look normal and are the same in every run. */
function normal(i: number): number {
  const [u, v] = [(i * 0.754877666) % 1, (i * 0.569840291) % 1];
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}
