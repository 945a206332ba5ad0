/**
 * The plan of every registry entry is the plan that was stored: a refactor changes none, and a change
 * of plan is a change of behaviour. To store new ones: `deno test -A tests/plan_replay_test.ts -- --update`.
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type Plan, Scheduler } from "../packages/schedulers/mod.ts";
import { REGISTRY } from "../packages/schedulers/config/registry.ts";

/** Enough of a plan to tell it from any other. */
interface Digest {
  readonly calls: number;
  readonly draws: number;
  readonly timesteps: number;
  readonly weights: number;
  readonly conditioning: number;
}

/** Configurations that take another way through a solver or a table. */
const VARIANTS: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  DDIMScheduler: [{ eta: 0.5 }, { prediction_type: "v_prediction", rescale_betas_zero_snr: true }],
  DDPMScheduler: [{ variance_type: "learned_range" }, { beta_schedule: "laplace" }],
  PNDMScheduler: [{ skip_prk_steps: true }],
  EulerDiscreteScheduler: [
    { s_churn: 3 },
    { use_karras_sigmas: true },
    { use_beta_sigmas: true },
    { interpolation_type: "log_linear" },
    { sigma_spacing: "kl_optimal" },
    { sigma_spacing: "align_your_steps_sdxl" },
  ],
  DPMSolverMultistepScheduler: [
    { algorithm_type: "sde-dpmsolver++", solver_type: "heun" },
    { algorithm_type: "dpmsolver", solver_order: 3, final_sigmas_type: "sigma_min" },
    { use_flow_sigmas: true, flow_shift: 3, prediction_type: "flow_prediction" },
    { use_exponential_sigmas: true },
  ],
  DPMSolverSinglestepScheduler: [{ solver_order: 3, solver_type: "heun" }],
  UniPCMultistepScheduler: [{ solver_order: 3, solver_type: "bh1" }, {
    predict_x0: false,
    final_sigmas_type: "sigma_min",
  }],
  SASolverScheduler: [{ predictor_order: 3, corrector_order: 4 }],
  DEISMultistepScheduler: [{ solver_order: 3, use_karras_sigmas: true }],
  FlowMatchEulerDiscreteScheduler: [{ shift: 3 }, {
    stochastic_sampling: true,
    shift_terminal: 0.1,
  }],
};

const CASES = Object.keys(REGISTRY).flatMap((className) =>
  [{}, ...(VARIANTS[className] ?? [])].map((variant) => ({
    name: [className, ...Object.entries(variant).map(([key, value]) => `${key}=${value}`)].join(
      " ",
    ),
    config: { _class_name: className, ...variant },
  }))
);

/** Sums with weights that depend on the place, so that no two places can be exchanged. */
function digest(plan: Plan): Digest {
  const mark = (text: string) => {
    let hash = 7;
    for (const letter of text) hash = Math.imul(hash, 31) + letter.charCodeAt(0);
    return Math.sin(hash);
  };
  const result = { calls: plan.steps.length, draws: 0, timesteps: 0, weights: 0, conditioning: 0 };
  plan.steps.forEach((step, i) => {
    result.timesteps += step.cNoise * mark(`t${i}`);
    for (const [slot, weight] of Object.entries(step.x.terms)) {
      result.weights += weight * mark(slot + i);
    }
    const { noise } = step.x;
    if (noise !== undefined) result.draws++;
    const deviations = typeof noise === "object" ? [noise.low, noise.high] : [noise];
    for (const deviation of deviations) {
      if (typeof deviation === "number") result.weights += deviation * mark(`noise${i}`);
    }
    for (const key of ["cSkip", "cOut", "cIn", "eSkip", "eOut"] as const) {
      if (Number.isFinite(step[key])) result.conditioning += step[key] * mark(key + i);
    }
  });
  return result;
}

function planOf(config: { _class_name: string }): Plan {
  const scheduler = Scheduler.fromConfig(config);
  scheduler.setTimesteps(config._class_name === "ConsistencyDecoderScheduler" ? 2 : 12);
  return scheduler.plan;
}

const path = new URL("fixtures/plans.json", import.meta.url);
if (Deno.args.includes("--update")) {
  const all = Object.fromEntries(CASES.map(({ name, config }) => [name, digest(planOf(config))]));
  Deno.writeTextFileSync(path, JSON.stringify(all, null, 1) + "\n");
}
const stored: Readonly<Record<string, Digest>> = JSON.parse(Deno.readTextFileSync(path));

for (const { name, config } of CASES) {
  Deno.test(`the plan is the stored one: ${name}`, () => {
    const [actual, expected] = [digest(planOf(config)), stored[name]];
    assert(expected, "no plan is stored; store it, and say so");
    assertEquals([actual.calls, actual.draws], [expected.calls, expected.draws]);
    for (const key of ["timesteps", "weights", "conditioning"] as const) {
      const tolerance = 1e-9 * Math.max(1, Math.abs(expected[key]));
      assertAlmostEquals(actual[key], expected[key], tolerance, key);
    }
  });
}

Deno.test("no plan is stored of an entry that is gone", () => {
  assertEquals(Object.keys(stored).sort(), CASES.map(({ name }) => name).sort());
});

Deno.test("a plan survives JSON: it is data", () => {
  for (const { config } of CASES) {
    const plan = planOf(config);
    assertEquals(digest(JSON.parse(JSON.stringify(plan))), digest(plan));
  }
});

Deno.test("50 steps of any entry compile in under a millisecond once warm", () => {
  const slow: string[] = [];
  for (const { name, config } of CASES) {
    if (config._class_name === "ConsistencyDecoderScheduler") continue;
    const scheduler = Scheduler.fromConfig(config);
    const steps = Math.min(50, REGISTRY[config._class_name]!.defaults.num_train_timesteps ?? 50);
    const times = Array.from({ length: 60 }, () => {
      const start = performance.now();
      scheduler.setTimesteps(steps);
      return performance.now() - start;
    });
    const best = Math.min(...times.slice(20)); // other work on the machine only adds
    if (best >= 1) slow.push(`${name}: ${best.toFixed(2)} ms`);
  }
  assertEquals(slow, []);
});
