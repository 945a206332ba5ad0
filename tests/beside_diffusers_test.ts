/**
 * Corners that diffusers' own tests do not visit, beside the sums that diffusers 0.42.1 gives in a
 * pipeline's loop (`runLoop`; torch 2.13 on the CPU, seed 0). Where they differ, DIFFERENCES.md has the
 * reason, and a test here shows that ours does what it says.
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Scheduler } from "@shum/schedulers";
import { runLoop, sumOf } from "./_diffusers_loops.ts";

interface Row {
  readonly config: { readonly _class_name: string; readonly [key: string]: unknown };
  readonly steps: number;
  readonly start?: number;
  readonly diffusers: number;
}

function sum({ config, steps, start }: Omit<Row, "diffusers">): number {
  return sumOf(
    runLoop({
      config,
      steps,
      seed: 0,
      ...start !== undefined && { start, addNoise: true },
      scaleStart: start === undefined,
      scaleInput: "model",
    }).result,
  );
}

const zeroSnr = { rescale_betas_zero_snr: true, prediction_type: "v_prediction" };
const karras = { use_karras_sigmas: true };
const exponential = { use_exponential_sigmas: true };
const flow = { use_flow_sigmas: true, prediction_type: "flow_prediction" };

const ALIKE: Readonly<Record<string, Row>> = {
  "TCD ignores clip_sample": {
    config: { _class_name: "TCDScheduler", clip_sample: true, clip_sample_range: 0.1, eta: 0 },
    steps: 4,
    diffusers: 152.9997100830078,
  },
  "TCD ignores thresholding": {
    config: { _class_name: "TCDScheduler", thresholding: true, sample_max_value: 0.5, eta: 0 },
    steps: 4,
    diffusers: 152.9997100830078,
  },
  "LCM clips": {
    config: { _class_name: "LCMScheduler", clip_sample: true, clip_sample_range: 0.01 },
    steps: 1,
    diffusers: 6.887892246246338,
  },
  "Heun clips": {
    config: { _class_name: "HeunDiscreteScheduler", clip_sample: true, clip_sample_range: 0.1 },
    steps: 4,
    diffusers: 72.94281005859375,
  },
  "Heun begins at an even index": {
    config: { _class_name: "HeunDiscreteScheduler" },
    steps: 6,
    start: 4,
    diffusers: 357.07513427734375,
  },
  "SA-Solver over exponential sigmas": {
    config: { _class_name: "SASolverScheduler", ...exponential },
    steps: 10,
    diffusers: 494.3322448730469,
  },
  "SA-Solver begins mid-way": {
    config: { _class_name: "SASolverScheduler" },
    steps: 10,
    start: 5,
    diffusers: 338.4798889160156,
  },
  "Euler, zero terminal SNR, Karras": {
    config: { _class_name: "EulerDiscreteScheduler", ...zeroSnr, ...karras },
    steps: 8,
    diffusers: 29.104902267456055,
  },
  "EDM, one step, Karras": {
    config: { _class_name: "EDMEulerScheduler" },
    steps: 1,
    diffusers: 101.44705200195312,
  },
};

for (const [name, row] of Object.entries(ALIKE)) {
  Deno.test(`diffusers' number is reproduced: ${name}`, () => {
    assertAlmostEquals(sum(row), row.diffusers, 2e-5 * row.diffusers);
  });
}

/** Differs by rounding alone: by less than `most`, and by more than rows that agree. */
function roundsAway(row: Row, most: number): void {
  const apart = Math.abs(sum(row) / row.diffusers - 1);
  assert(apart > 2e-5 && apart < most, `${apart} of the sum`);
}

Deno.test("one step from sigma 157 differs from diffusers by single precision, singlestep or not", () => {
  for (const kind of ["Singlestep", "Multistep"]) {
    for (const spacing of [{}, exponential]) {
      const config = { _class_name: `DPMSolver${kind}Scheduler`, ...spacing };
      roundsAway({ config, steps: 1, diffusers: 61.58186721801758 }, 5e-5);
    }
  }
});

Deno.test("Euler, zero SNR, cosine and Karras differs from diffusers by a root in single precision", () => {
  const config = {
    _class_name: "EulerDiscreteScheduler",
    beta_schedule: "squaredcos_cap_v2",
    ...zeroSnr,
    ...karras,
  };
  roundsAway({ config, steps: 8, diffusers: 50.00740432739258 }, 2e-3);
});

Deno.test("the multistep inverse over flow sigmas goes from data to noise; diffusers' from noise to data", () => {
  const config = { _class_name: "DPMSolverMultistepInverseScheduler", ...flow };
  const scheduler = Scheduler.fromConfig(config);
  scheduler.setTimesteps(5);
  assertEquals(scheduler.timesteps, [199, 399, 599, 799, 999]); // diffusers: 999, 799, ...
  assertAlmostEquals(sum({ config, steps: 5 }), 876.456, 0.01); // diffusers: 169.382
});

Deno.test("SA-Solver begun between timesteps noises to the level where it begins; diffusers to the timestep's", () => {
  const scheduler = Scheduler.fromConfig({ _class_name: "SASolverScheduler", ...exponential });
  scheduler.setTimesteps(10);
  const { t, alpha, sigma } = scheduler.noiseLevel(5);
  assertEquals(t, 202);
  assertAlmostEquals(sigma / alpha, 0.73346, 1e-5); // of timestep 202: 0.73226
  const begun = { config: scheduler.config, steps: 10, start: 5 };
  roundsAway({ ...begun, diffusers: 322.62921142578125 }, 1e-4);
});

Deno.test("EDM begins one exponential step at sigma_max; diffusers at sigma_min", () => {
  for (const kind of ["Euler", "DPMSolverMultistep"]) {
    const config = { _class_name: `EDM${kind}Scheduler`, sigma_schedule: "exponential" };
    const scheduler = Scheduler.fromConfig(config);
    scheduler.setTimesteps(1);
    assertAlmostEquals(scheduler.noiseLevel(0).sigma, 80, 1e-5);
    assertAlmostEquals(sum({ config, steps: 1 }), 101.447, 2e-3); // diffusers: 31026.3
  }
});

Deno.test("Heun begun at an odd index begins the step there; diffusers makes an empty one, then skips one", () => {
  const config = { _class_name: "HeunDiscreteScheduler" };
  const begun = (index: number) => {
    const scheduler = Scheduler.fromConfig(config);
    scheduler.setTimesteps(6);
    scheduler.setBeginIndex(index);
    return scheduler.plan;
  };
  assertEquals(begun(3), begun(4)); // of diffusers' sums, 1683.58 and 357.08, the second
});
