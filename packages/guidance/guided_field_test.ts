/** What each method samples, against densities known in closed form (testdata/mixture.ts). */
import { assertAlmostEquals } from "@std/assert";
import type { NoiseLevel } from "@shum/schedulers";
import { autoguidance, classifierFree, classifierGuidance, composable } from "./mod.ts";
import { type Branch, type Guidance, perturbedAttention, shiftMean, shiftOutput } from "./mod.ts";
import {
  clusters,
  type Component,
  differences,
  gaussianProduct,
  levels,
  logDensity,
  noise,
  points,
  posteriorGradient,
} from "./testdata/mixture.ts";

type Densities = Partial<Record<Branch, readonly Component[]>>;

/** The guided noise at x, each branch being the exact noise prediction of its density. */
function guided(
  guidance: Guidance,
  densities: Densities,
  x: readonly number[],
  level: NoiseLevel,
): Float32Array {
  const progress = { index: 3, total: 10, level };
  const predictions: Partial<Record<Branch, Float32Array>> = {};
  for (const branch of guidance.branches(progress)) {
    predictions[branch] = noise(densities[branch]!, x, level);
  }
  const out = new Float32Array(x.length);
  guidance.start({ batch: 1 })(out, predictions, progress);
  return out;
}

function assertField(actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 1e-5): void {
  for (let i = 0; i < expected.length; i++) {
    assertAlmostEquals(actual[i]!, expected[i]!, digits * Math.max(1, Math.abs(expected[i]!)));
  }
}

function everywhere(check: (x: readonly number[], level: NoiseLevel) => void): void {
  for (const level of levels) for (const x of points) check(x, level);
}

Deno.test("classifierFree() follows the score of p(x|c)^g p(x)^(1-g)", () => {
  const g = 4, positive = [clusters[1]!];
  everywhere((x, level) => {
    const power = (y: readonly number[]) =>
      g * logDensity(positive, y, level) + (1 - g) * logDensity(clusters, y, level);
    const expected = differences(power, x).map((s) => -level.sigma * s);
    const out = guided(classifierFree({ scale: g }), { positive, negative: clusters }, x, level);
    assertField(out, expected, 1e-4);
  });
});

Deno.test("classifierFree() with a negative prompt is a Gaussian when both prompts are", () => {
  const g = 1.5, [positive, negative] = clusters;
  everywhere((x, level) => {
    const factors = [{ power: g, of: positive! }, { power: 1 - g, of: negative! }];
    const { precision, mean } = gaussianProduct(factors, level);
    const expected = x.map((value, i) => level.sigma * precision * (value - mean[i]!));
    const densities = { positive: [positive!], negative: [negative!] };
    assertField(guided(classifierFree({ scale: g }), densities, x, level), expected);
  });
});

Deno.test("composable() follows p(x) prod (p(x|c_k) / p(x))^w_k", () => {
  const weights = [1.5, -0.5, 2];
  everywhere((x, level) => {
    const power = (y: readonly number[]) => {
      const whole = logDensity(clusters, y, level);
      return weights.reduce(
        (sum, w, k) => sum + w * (logDensity([clusters[k]!], y, level) - whole),
        whole,
      );
    };
    const densities: Densities = {
      positive: [clusters[0]!],
      "positive[1]": [clusters[1]!],
      "positive[2]": [clusters[2]!],
      negative: clusters,
    };
    const expected = differences(power, x).map((s) => -level.sigma * s);
    assertField(guided(composable({ weights }), densities, x, level), expected, 1e-4);
  });
});

Deno.test("composable() with one prompt is classifierFree()", () => {
  everywhere((x, level) => {
    const densities = { positive: [clusters[0]!], negative: clusters };
    assertField(
      guided(composable({ weights: [5] }), densities, x, level),
      guided(classifierFree({ scale: 5 }), densities, x, level),
      1e-6,
    );
  });
});

Deno.test("autoguidance() sharpens a Gaussian away from the blurred one of the weak network", () => {
  const g = 2.1, sharp = clusters[0]!, blurred = { ...sharp, variance: 4 * sharp.variance };
  everywhere((x, level) => {
    const factors = [{ power: g, of: sharp }, { power: 1 - g, of: blurred }];
    const { precision, mean } = gaussianProduct(factors, level);
    const expected = x.map((value, i) => level.sigma * precision * (value - mean[i]!));
    const densities = { positive: [sharp], weak: [blurred] };
    assertField(guided(autoguidance({ scale: g }), densities, x, level), expected);
  });
});

Deno.test("perturbedAttention() follows p(c)^(g+s) p(u)^(1-g) p(q)^-s", () => {
  const g = 3, s = 1.2, c = clusters[0]!, q = { ...c, variance: 1 };
  everywhere((x, level) => {
    const power = (y: readonly number[]) =>
      (g + s) * logDensity([c], y, level) + (1 - g) * logDensity(clusters, y, level) -
      s * logDensity([q], y, level);
    const expected = differences(power, x).map((value) => -level.sigma * value);
    const densities = { positive: [c], negative: clusters, perturbed: [q] };
    const guidance = perturbedAttention({ scale: g, perturbedScale: s });
    assertField(guided(guidance, densities, x, level), expected, 1e-4);
  });
});

Deno.test("shiftOutput() turns the unconditional noise into the conditional with a true classifier", () => {
  for (let k = 0; k < clusters.length; k++) {
    everywhere((x, level) => {
      const output = noise(clusters, x, level);
      const gradient = posteriorGradient(clusters, k, x, level);
      shiftOutput(output, gradient, 1, level, -level.sigma / level.alpha);
      assertField(output, noise([clusters[k]!], x, level));
    });
  }
});

Deno.test("shiftOutput() with scale s equals classifierFree() with scale 1 + s", () => {
  const s = 2.5;
  everywhere((x, level) => {
    const output = noise([clusters[2]!], x, level);
    shiftOutput(
      output,
      posteriorGradient(clusters, 2, x, level),
      s,
      level,
      -level.sigma / level.alpha,
    );
    const densities = { positive: [clusters[2]!], negative: clusters };
    assertField(output, guided(classifierFree({ scale: 1 + s }), densities, x, level));
  });
});

Deno.test("shiftOutput() moves a velocity so that x0 moves by sigma^2 / alpha s g", () => {
  everywhere((x, level) => {
    const n = level.alpha ** 2 + level.sigma ** 2;
    const cSkip = level.alpha / n, cOut = -level.sigma / Math.sqrt(n); // v-prediction
    const velocity = Float32Array.of(0.3, -0.2);
    const before = x.map((value, i) => cSkip * value + cOut * velocity[i]!);
    const gradient = posteriorGradient(clusters, 0, x, level);
    shiftOutput(velocity, gradient, 2, level, cOut);
    const moved = x.map((value, i) => cSkip * value + cOut * velocity[i]! - before[i]!);
    const expected = x.map((_, i) => level.sigma ** 2 / level.alpha * 2 * gradient[i]!);
    assertField(moved, expected, 2e-5);
  });
});

Deno.test("shiftMean() approaches the conditional posterior mean as the step shrinks", () => {
  // DDPM's mean is linear in x0, so the exact conditional mean is that of the conditional x0.
  const x = [0.2, 0.1], s = levels[1]!, k = 1;
  const errors = [0.02, 0.01, 0.005].map((d) => {
    const alpha = s.alpha + d, t = { t: 0, alpha, sigma: Math.sqrt(1 - alpha ** 2) };
    const a = s.alpha / t.alpha, b = s.sigma ** 2 - (a * t.sigma) ** 2; // variance of q(x_s | x_t)
    const variance = b * t.sigma ** 2 / s.sigma ** 2;
    const mean = (eps: Float32Array) =>
      Float32Array.from(x, (value, i) => {
        const x0 = (value - s.sigma * eps[i]!) / s.alpha;
        return t.alpha * b / s.sigma ** 2 * x0 + a * t.sigma ** 2 / s.sigma ** 2 * value;
      });
    const shifted = mean(noise(clusters, x, s));
    const start = Float32Array.from(shifted);
    shiftMean(shifted, posteriorGradient(clusters, k, x, s), 1, Math.sqrt(variance));
    const exact = mean(noise([clusters[k]!], x, s));
    // The part of the needed shift that is missing, which must vanish with the step.
    return Math.abs(exact[0]! - shifted[0]!) / Math.abs(exact[0]! - start[0]!);
  });
  assertAlmostEquals(errors[0]! / errors[1]!, 2, 0.15); // first order
  assertAlmostEquals(errors[1]! / errors[2]!, 2, 0.15);
});

Deno.test("classifierGuidance() keeps the guidance of the denoiser", () => {
  const level = levels[1]!, x = points[0]!;
  const base = classifierFree({ scale: 3 });
  const densities = { positive: [clusters[0]!], negative: clusters };
  assertField(
    guided(classifierGuidance({ scale: 2, base }), densities, x, level),
    guided(base, densities, x, level),
  );
});
