/** Every guider of diffusers that has an equivalent here, step by step: testdata/diffusers_guiders.json. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  adaptiveProjected,
  autoguidance,
  type Branch,
  cfgZeroStar,
  classifierFree,
  type Guidance,
  limitedInterval,
  perturbedAttention,
  rescale,
} from "./mod.ts";
import recorded from "./testdata/diffusers_guiders.json" with { type: "json" };

/** The same configuration in our words, by the name the recording gives it. */
const equivalents: Readonly<Record<string, Guidance>> = {
  cfg: classifierFree({ scale: 7.5 }),
  cfg_rescale: rescale(classifierFree({ scale: 5 }), { phi: 0.7 }),
  cfg_interval: limitedInterval(classifierFree({ scale: 3 }), [0.3, 0.8]),
  zero_star: cfgZeroStar({ scale: 4 }),
  zero_star_0: cfgZeroStar({ scale: 4, zeroInitSteps: 0 }),
  apg_default: adaptiveProjected({ eta: 1, momentum: 0, from: "negative" }),
  // diffusers' "original formulation" adds the scale itself to the positive prediction.
  apg_paper: adaptiveProjected({ scale: 10, eta: 0, momentum: -0.5, radius: 2.5 }),
  apg_u: adaptiveProjected({ scale: 6, eta: 0.25, momentum: -0.75, radius: 4, from: "negative" }),
  auto: autoguidance({ scale: 2.1 }),
  pag: perturbedAttention({ scale: 7.5, perturbedScale: 3, interval: [0.01, 0.8] }),
  pag_only_orig: perturbedAttention({ scale: 1, perturbedScale: 3, interval: [0.01, 0.8] }),
};

const level = { t: 500, alpha: 0.6, sigma: 0.8 };

for (const { class: name, ours, outputs } of recorded.cases) {
  Deno.test(`${ours} equals diffusers' ${name}`, () => {
    const guidance = equivalents[ours]!;
    const batch = recorded.shape[0]!;
    const combine = guidance.start({ batch });
    recorded.steps.forEach(({ c, u, q }, index) => {
      const progress = { index, total: recorded.steps.length, level };
      const all: Partial<Record<Branch, Float32Array>> = {
        positive: Float32Array.from(c),
        negative: Float32Array.from(u),
        weak: Float32Array.from(u),
        perturbed: Float32Array.from(q),
      };
      const predictions: Partial<Record<Branch, Float32Array>> = {};
      for (const branch of guidance.branches(progress)) predictions[branch] = all[branch]!;
      const out = new Float32Array(c.length);
      combine(out, predictions, progress);
      // diffusers sums in float32: six digits of the largest term, 7.5 times a value of about 3.
      outputs[index]!.forEach((value, i) => assertAlmostEquals(out[i]!, value, 2e-5));
    });
  });
}

Deno.test("every recorded guider has an equivalent", () => {
  assertEquals(recorded.cases.map(({ ours }) => ours).sort(), Object.keys(equivalents).sort());
});
