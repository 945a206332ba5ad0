// A diffusion model destroys data in many small steps and learns to undo each. What the undoing costs, term by
// term, is a bound on how improbable the data is: the loss that such models are trained on.
import { betas, compile, ddpm, discreteSchedule, drive, epsilon } from "@shum/schedulers";
import { gaussianNoise, Runner, torchRandom, variationalBound } from "@shum/schedulers";
import { finish, output } from "./_example.ts";
import { Mixture } from "./_mixture.ts";
import { BLUE, Canvas, ORANGE, PURPLE } from "./_plot.ts";

// A ring of clouds, and the best network for it: the exact noise.
const data = new Mixture(Array.from({ length: 8 }, (_, k) => ({
  weight: 1 / 8,
  mean: [1.3 * Math.cos(k * Math.PI / 4), 1.3 * Math.sin(k * Math.PI / 4)] as const,
  deviation: 0.16,
})));
const schedule = discreteSchedule(betas("linear", { start: 1e-4, end: 0.02, length: 1000 }));
const levels = Array.from({ length: 1000 }, (_, i) => schedule.at(999 - i));
const noise = gaussianNoise(torchRandom(0)), POINTS = 900, shown = [0, 60, 150, 300, 600, 999];

const canvas = new Canvas(800, 660);
canvas.heading(24, 12, "Forward: data becomes noise. Reverse: noise becomes data.");
const panel = (k: number, top: number, title: string) =>
  canvas.panel(24 + 128 * k, top, 112, 112, [-2.6, 2.6], [-2.6, 2.6], title);
const x0 = data.sample(POINTS, noise), z = new Float32Array(2 * POINTS);
shown.forEach((t, k) => {
  const { alpha, sigma } = schedule.at(t);
  noise(z);
  panel(k, 62, `t = ${t}`).dots(x0.map((x, i) => alpha * x + sigma * z[i]!), BLUE, 1.2);
});
const plan = compile(ddpm(), epsilon, schedule, [...levels, { t: -1, alpha: 1, sigma: 0 }]);
const start = new Float32Array(2 * POINTS);
noise(start);
const run = new Runner(plan, start, noise);
while (!run.done) {
  const k = shown.indexOf(run.level.t);
  if (k > 0) panel(k, 210, `t = ${run.level.t}`).dots(run.x, ORANGE, 1.2);
  run.step(data.eps(run.x, run.level));
}
panel(0, 210, "made").dots(run.x, ORANGE, 1.2);

// The bound of the data, and what it bounds: -log2 p(x), here known, per dimension.
const settings = { decoder: "density", variance: "fixed_large" } as const;
const sampler = variationalBound(x0, levels, torchRandom(5), settings);
const bound = await drive(sampler, epsilon, (x, t) => data.eps(x, schedule.at(t)));
const bits = x0.reduce((sum, _, i) => i % 2 ? sum : sum - data.logDensity(x0[i]!, x0[i + 1]!), 0);
const exact = bits / x0.length / Math.LN2, sum = [bound.prior];
for (const term of bound.terms) sum.push(sum.at(-1)! + term);
const times = levels.map(({ t }) => t), terms = [...bound.terms].map(Math.log10);
const left = canvas.panel(64, 380, 316, 200, [0, 999], [-6, 1], "log10 of each term, in bits");
left.curve(times.slice(0, -1), terms, PURPLE, 1.2);
left.axes([0, 250, 500, 750, 999], [-6, -4, -2, 0], "timestep t");
const right = canvas.panel(
  460,
  380,
  316,
  200,
  [0, 999],
  [0, 6],
  "their sum from t = 999 down, in bits",
);
right.curve(times, sum, PURPLE);
right.axes([0, 250, 500, 750, 999], [0, 2, 4, 6], "timestep t");
const f = (value: number) => value.toFixed(3).replace("-", "−"), all = f(sum.at(-1)! - bound.prior);
const line = `prior ${f(bound.prior)} + terms ${all} + decoder ${f(bound.decoder)}`;
canvas.text(24, 632, `${line} = bound ${f(bound.total)} bits per dimension; exact: ${f(exact)}`);
const path = output("05_ddpm_and_bound.png");
await canvas.save(path);
finish(
  path,
  `Above: a ring of clouds melts into noise in 1000 steps, and noise is led back, step by step. Below: what each
step costs. ${line} = ${f(bound.total)} bits per dimension: up to
the luck of the draws the exact -log2 p(x) = ${
    f(exact)
  }, for steps as small as these are almost Gaussian.`,
  "1 minus the bits between the bound and the exact value",
  1 - Math.abs(bound.total - exact),
  0.8,
);
