// Expected values: diffusers 0.42.1's VQDiffusionScheduler on torch 2.13.
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { torchRandom } from "../random/torch_random.ts";
import { guideTokens, tokenPosterior, truncateTokens } from "./posterior.ts";
import { vqTransitions } from "./transitions.ts";
import { VqDiffusion } from "./vq_diffusion.ts";

/** log softmax over classes of logits with shape [classes, tokens]. */
function logSoftmax(logits: number[], tokens: number): number[] {
  return logits.map((value, i) => {
    let sum = 0;
    for (let j = i % tokens; j < logits.length; j += tokens) sum += Math.exp(logits[j]! - value);
    return -Math.log(sum);
  });
}

const logX0 = logSoftmax(Array.from({ length: 24 }, (_, i) => i % 7 / 3), 6);
const tokens = [4, 4, 0, 1, 2, 4];
// q_posterior for num_vec_classes 5, num_train_timesteps 10: [class][token] at each time.
const posterior: Record<number, number[][]> = {
  9: [
    [-5.058102, -4.577199, -1.795271, -0.954762, -0.954761, -3.151912],
    [-3.058135, -4.910522, -2.129095, -1.28779, -1.288092, -3.485243],
    [-3.391467, -2.910552, -2.462423, -1.621424, -1.621006, -3.818573],
    [-3.724797, -3.243883, -0.462441, -1.954754, -1.954752, -4.151903],
    [-0.117782, -0.117782, -54.169708, -54.306011, -54.207092, -0.117782],
  ],
  5: [
    [-4.470346, -3.989431, -0.182476, -2.56413, -2.56413, -2.56413],
    [-2.470353, -4.322763, -3.738472, -0.15646, -2.897462, -2.897463],
    [-2.803686, -2.322768, -4.071806, -3.230796, -0.174914, -3.230796],
    [-3.137018, -2.656101, -2.07181, -3.564128, -3.564128, -3.564128],
    [-0.223139, -0.223139, -54.868214, -55.009392, -54.906864, -0.223139],
  ],
  1: [
    [-2.860976, -2.380059, -0.097242, -3.151908, -3.151908, -0.954757],
    [-0.86098, -2.713392, -4.326252, -0.083885, -3.485242, -1.28809],
    [-1.194313, -0.713395, -4.659586, -3.818576, -0.093377, -1.621423],
    [-1.527645, -1.046728, -2.659588, -4.151908, -4.151908, -1.954756],
    [-9.421124, -9.421124, -65.675568, -65.81675, -65.714226, -9.421124],
  ],
};

Deno.test("vqTransitions() has diffusers' probabilities", () => {
  const { alpha, gamma } = vqTransitions({ classes: 5, steps: 10 });
  const logAlpha = [
    -1.000004977e-05,
    -0.1177819073,
    -0.1335299462,
    -0.1541487575,
    -0.1823188514,
    -0.2231394947,
    -0.2876753211,
    -0.4054515958,
    -0.6931067109,
    -9.421123505,
  ];
  const logGamma = [
    -11.61828613,
    -2.197234631,
    -2.079452753,
    -1.945922971,
    -1.791774511,
    -1.609455943,
    -1.386316895,
    -1.09864223,
    -0.693192184,
    -8.999765851e-05,
  ];
  logAlpha.forEach((value, t) =>
    assertAlmostEquals(Math.log(alpha[t]!), value, 1e-6 * Math.abs(value))
  );
  logGamma.forEach((value, t) =>
    assertAlmostEquals(Math.log(gamma[t]!), value, 1e-6 * Math.abs(value))
  );
});

for (const [t, expected] of Object.entries(posterior)) {
  Deno.test(`tokenPosterior() is diffusers' at time ${t}`, () => {
    const actual = tokenPosterior(
      vqTransitions({ classes: 5, steps: 10 }),
      logX0,
      tokens,
      Number(t),
    );
    expected.flat().forEach((value, i) => {
      if (value < -50) assertEquals(actual[i], -Infinity); // log(1e-30) stands for log(0) there
      else assertAlmostEquals(actual[i]!, value, 1e-5);
    });
  });
}

Deno.test("tokenPosterior() of every token adds up to 1, also for uniform corruption", () => {
  for (
    const transitions of [
      vqTransitions({ classes: 5, steps: 10 }),
      vqTransitions({ classes: 5, steps: 10, alphaEnd: 0.01, gammaStart: 0, gammaEnd: 0 }),
    ]
  ) {
    const known = transitions.gamma[0] === 0 ? [0, 1, 2, 3, 0, 1] : tokens;
    for (let t = 1; t < 10; t++) {
      const logs = tokenPosterior(transitions, logX0, known, t);
      for (let k = 0; k < 6; k++) {
        let sum = 0;
        for (let c = 0; c < 5; c++) sum += Math.exp(logs[c * 6 + k]!);
        assertAlmostEquals(sum, 1, 1e-9);
      }
    }
  }
});

Deno.test("tokenPosterior() of absorbing corruption never changes a token that is not masked", () => {
  const rates = { alphaStart: 0.99, gammaStart: 0.01, alphaEnd: 0.01, gammaEnd: 0.99 };
  const transitions = vqTransitions({ classes: 5, steps: 10, ...rates });
  const { gamma } = transitions.cumulative;
  for (let t = 1; t < 10; t++) {
    const logs = tokenPosterior(transitions, logX0, tokens, t);
    assertAlmostEquals(Math.exp(logs[4 * 6]!), gamma[t - 1]! / gamma[t]!, 1e-9);
    for (let c = 0; c < 5; c++) assertEquals(logs[c * 6 + 2]! > -Infinity, c === tokens[2]);
  }
});

Deno.test("VqDiffusion draws diffusers' tokens from torch's generator", () => {
  const base = logSoftmax(Array.from({ length: 50 }, (_, i) => i * 7 % 11 / 3), 10);
  const run = new VqDiffusion(vqTransitions({ classes: 6, steps: 12 }), torchRandom(3), {
    length: 10,
  });
  const seen: string[] = [];
  while (!run.done) {
    const { tokens, t } = run;
    const logits = base.map((value, i) =>
      value + Math.sin(tokens[i % 10]! + Math.floor(i / 10) + t)
    );
    run.step(logSoftmax(logits, 10));
    seen.push(run.tokens.join(""));
  }
  assertEquals(seen, [
    "5555555555",
    "5555555555",
    "5555555555",
    "1555555555",
    "1555555555",
    "2555555553",
    "2555355510",
    "2550355510",
    "2510350510",
    "2010310510",
    "2010310110",
    "1242020122",
  ]);
});

Deno.test("VqDiffusion samples the distribution of a model that knows it", () => {
  const p = [0.5, 0.3, 0.2], n = 4000, mask = 3;
  const transitions = vqTransitions({ classes: 4, steps: 20 });
  const run = new VqDiffusion(transitions, torchRandom(0), { length: n });
  while (!run.done) {
    const { alpha, beta } = transitions.cumulative, { t, tokens } = run;
    // The exact p(x0 | x_t) by Bayes' rule.
    const logs = new Float64Array(3 * n);
    for (let k = 0; k < n; k++) {
      const likely = p.map((prior, c) =>
        tokens[k] === mask ? prior : prior * (beta[t]! + (tokens[k] === c ? alpha[t]! : 0))
      );
      const sum = likely.reduce((a, b) => a + b);
      likely.forEach((value, c) => logs[c * n + k] = Math.log(value / sum));
    }
    run.step(logs);
  }
  p.forEach((prior, c) => {
    const share = run.tokens.filter((token) => token === c).length / n;
    assertAlmostEquals(share, prior, 4 * Math.sqrt(prior * (1 - prior) / n));
  });
});

Deno.test("guideTokens() at scale 1 is the conditional distribution, and sharpens above", () => {
  const c = logSoftmax([1, 0, 2, 0.5, 0, 1], 2), u = logSoftmax([0, 0, 0, 0, 0, 0], 2);
  const out = new Float32Array(6);
  guideTokens(out, c, u, 1, 2);
  out.forEach((value, i) => assertAlmostEquals(value, c[i]!, 1e-6));
  guideTokens(out, c, u, 3, 2);
  let sum = 0;
  for (const i of [0, 2, 4]) sum += Math.exp(out[i]!);
  assertAlmostEquals(sum, 1, 1e-6);
  assertAlmostEquals(out[2]! - out[0]!, 3 * (c[2]! - c[0]!), 1e-5);
});

Deno.test("truncateTokens() keeps the classes that come before the rate is reached", () => {
  const logs = new Float32Array([0.1, 0.6, 0.2, 0.1, 0.7, 0.3].map(Math.log)); // [3 classes, 2 tokens]
  truncateTokens(logs, 2, 0.65);
  const kept = [...logs].map((value) => value > -70);
  assertEquals(kept, [false, true, false, false, true, true]);
  assertThrows(() => truncateTokens(logs, 2, 2), RangeError, "rate is 2");
});

Deno.test("token sampling names what does not fit", () => {
  const transitions = vqTransitions({ classes: 5, steps: 10 });
  const random = torchRandom(0);
  assertThrows(() => vqTransitions({ classes: 1 }), RangeError, "classes is 1");
  assertThrows(
    () => vqTransitions({ classes: 3, alphaEnd: 0.5, gammaEnd: 0.6 }),
    RangeError,
    "0.6",
  );
  assertThrows(() => tokenPosterior(transitions, logX0, tokens, 0), RangeError, "t is 0");
  assertThrows(() => tokenPosterior(transitions, [0], tokens, 3), RangeError, "has 1 elements");
  assertThrows(() => new VqDiffusion(transitions, random, {}), RangeError, "either");
  assertThrows(
    () => new VqDiffusion(transitions, random, { length: 1, steps: 11 }),
    RangeError,
    "11",
  );
  assertThrows(
    () => new VqDiffusion(transitions, random, { tokens: [5] }),
    RangeError,
    "token is 5",
  );
  const run = new VqDiffusion(transitions, random, { length: 6, steps: 1 });
  run.step(logX0);
  assertThrows(() => run.step(logX0), RangeError, "all 1 steps are done");
});
