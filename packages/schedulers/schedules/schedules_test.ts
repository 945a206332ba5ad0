import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { decay, lambda, type NoiseLevel } from "../plan/noise_level.ts";
import {
  type NoiseSchedule,
  varianceExploding,
  variancePreserving,
} from "../plan/noise_schedule.ts";
import {
  edm,
  epsilon,
  flowPrediction,
  type Prediction,
  sample,
  score,
  vPrediction,
} from "../plan/prediction.ts";
import { alphasCumprod, betas, type BetaSchedule, rescaleZeroTerminalSnr } from "./betas.ts";
import { discreteSchedule } from "./discrete.ts";
import { edmSchedule } from "./edm.ts";
import { flowSchedule, shiftSigma, timeShift } from "./flow.ts";

const NAMES: readonly BetaSchedule[] = [
  "linear",
  "scaled_linear",
  "squaredcos_cap_v2",
  "sigmoid",
  "laplace",
  "exp",
];
const ends = { start: 0.0001, end: 0.02, length: 1000 };

for (const name of NAMES) {
  Deno.test(`${name} betas lie between 0 and 1, and only add noise`, () => {
    const table = betas(name, ends);
    assertEquals(table.every((beta) => beta > 0 && beta < 1), true);
    const { sigmas } = discreteSchedule(table);
    assertEquals(sigmas.every((sigma, i) => i === 0 || sigma > sigmas[i - 1]!), true);
  });
}

Deno.test("a zero terminal SNR keeps the first level and ends in pure noise", () => {
  const plain = betas("scaled_linear", { start: 0.00085, end: 0.012, length: 1000 });
  const rescaled = alphasCumprod(rescaleZeroTerminalSnr(plain));
  assertEquals(rescaled[999], 0);
  assertAlmostEquals(rescaled[0]!, alphasCumprod(plain)[0]!, 1e-7);
});

const discrete = discreteSchedule(betas("linear", ends));
const SCHEDULES: Readonly<Record<string, NoiseSchedule>> = {
  discrete,
  "discrete in VE scaling": varianceExploding(discrete),
  flow: flowSchedule(),
  "flow in VP scaling": variancePreserving(flowSchedule()),
  EDM: edmSchedule(),
};

for (const [name, schedule] of Object.entries(SCHEDULES)) {
  Deno.test(`atLambda() inverts at() on the ${name} schedule`, () => {
    for (const t of name === "EDM" ? [-1, 0, 0.7] : [3, 250, 777]) {
      const level = schedule.at(t);
      const back = schedule.atLambda(lambda(level));
      assertAlmostEquals(back.t, t, 2e-4);
      assertAlmostEquals(back.alpha, level.alpha, 1e-6);
      assertAlmostEquals(back.sigma / level.sigma, 1, 1e-5);
    }
  });
}

Deno.test("timestepOf() stays on the table", () => {
  assertEquals([discrete.timestepOf(0), discrete.timestepOf(1e9)], [0, 999]);
});

Deno.test("a timestep off the table is refused", () => {
  for (const t of [-1, 1000, NaN]) assertThrows(() => discrete.at(t), RangeError, `timestep ${t}`);
});

Deno.test("decay() is e^-h, and needs no logarithm at the ends", () => {
  const [s, t] = [discrete.at(700), discrete.at(300)];
  assertAlmostEquals(decay(s, t), Math.exp(lambda(s) - lambda(t)), 1e-12);
  assertEquals(decay(s, { t: 0, alpha: 1, sigma: 0 }), 0);
  assertEquals(decay({ t: 0, alpha: 0, sigma: 1 }, t), 0);
});

Deno.test("the static and both dynamic shifts are one formula", () => {
  for (const sigma of [0.1, 0.5, 0.9]) {
    assertAlmostEquals(timeShift(sigma, Math.log(3), "exponential"), shiftSigma(sigma, 3), 1e-12);
    assertAlmostEquals(timeShift(sigma, 3, "linear"), shiftSigma(sigma, 3), 1e-12);
  }
});

/** What a perfect network of each kind would say about x = alpha·x0 + sigma·eps. */
const TRUTHS: Readonly<
  Record<string, readonly [Prediction, (x0: number, eps: number, level: NoiseLevel) => number]>
> = {
  epsilon: [epsilon, (_, eps) => eps],
  sample: [sample, (x0) => x0],
  "v": [vPrediction, (x0, eps, { alpha, sigma }) => {
    const n = Math.hypot(alpha, sigma);
    return (alpha / n) * eps - (sigma / n) * x0;
  }],
  flow: [flowPrediction, (x0, eps) => eps - x0],
  score: [score, (_, eps, { sigma }) => -eps / sigma],
  EDM: [edm(), (x0, eps, { alpha, sigma }) => {
    const [karras, x] = [sigma / alpha, x0 + (sigma / alpha) * eps];
    const m2 = karras ** 2 + 0.25;
    return ((x0 - (0.25 / m2) * x) * Math.sqrt(m2)) / (karras * 0.5);
  }],
};

for (const [name, [prediction, truth]] of Object.entries(TRUTHS)) {
  Deno.test(`${name} prediction gives back x0 and eps, in every scaling`, () => {
    for (const schedule of [discrete, varianceExploding(discrete), flowSchedule()]) {
      const level = schedule.at(400);
      const [x0, eps] = [0.7, -1.3];
      const x = level.alpha * x0 + level.sigma * eps;
      const { cSkip, cOut, eSkip, eOut } = prediction(level);
      const output = truth(x0, eps, level);
      assertAlmostEquals(cSkip * x + cOut * output, x0, 1e-9);
      assertAlmostEquals(eSkip * x + eOut * output, eps, 1e-9);
    }
  });
}
