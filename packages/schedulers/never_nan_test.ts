import { assert } from "@std/assert";
import { REGISTRY } from "./config/registry.ts";
import { Scheduler } from "./scheduler.ts";

/** Values that a key may have, right or wrong for the class and for each other. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  num_train_timesteps: [1, 7, 1000],
  beta_schedule: ["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp"],
  rescale_betas_zero_snr: [true, false],
  prediction_type: ["epsilon", "sample", "v_prediction", "flow_prediction"],
  timestep_spacing: ["leading", "linspace", "trailing"],
  steps_offset: [0, 1],
  set_alpha_to_one: [true, false],
  clip_sample: [true, false],
  thresholding: [true, false],
  variance_type: ["fixed_small", "fixed_large", "fixed_small_log"],
  skip_prk_steps: [true, false],
  use_karras_sigmas: [true, false, false],
  use_exponential_sigmas: [true, false, false],
  use_beta_sigmas: [true, false, false],
  use_flow_sigmas: [true, false],
  flow_shift: [0.5, 1, 3],
  final_sigmas_type: ["zero", "sigma_min"],
  interpolation_type: ["linear", "log_linear"],
  lambda_min_clipped: [-Infinity, -5.1],
  solver_order: [1, 2, 3],
  solver_type: ["midpoint", "heun", "bh1", "bh2", "logrho"],
  algorithm_type: ["dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++"],
  lower_order_final: [true, false],
  euler_at_final: [true, false],
  predict_x0: [true, false],
  predictor_order: [1, 2, 3, 4],
  corrector_order: [0, 1, 2, 4],
  sigma_schedule: ["karras", "exponential"],
  shift: [0.5, 1, 3],
  shift_terminal: [0.1, null],
  invert_sigmas: [true, false],
  stochastic_sampling: [true, false],
  eta: [0, 0.5, 1],
  s_churn: [0, 2],
  order: [1, 2, 4],
};

/** A small generator, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const className of Object.keys(REGISTRY)) {
  Deno.test(`${className} never makes NaN of numbers, whatever its config`, () => {
    let runs = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const next = random(seed * 7919);
      const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
      const config: Record<string, unknown> = {};
      for (const key of Object.keys(REGISTRY[className]!.defaults)) {
        const values = VALUES[key];
        if (values && next() < 0.4) config[key] = pick(values);
      }
      const x = Float32Array.of(0.5, -1, 2, 0);
      let result: Float32Array;
      try {
        const scheduler = Scheduler.fromConfig({ _class_name: className, ...config });
        scheduler.setTimesteps(pick([1, 2, 3, 5, 17]));
        const run = scheduler.runner(x, (out) => out.fill(next() - 0.5));
        while (!run.done) run.step(run.x.map((value) => value / (Math.abs(value) + 1)));
        result = run.x;
      } catch (error) {
        assert(error instanceof RangeError || error instanceof TypeError, String(error));
        assert(/^Cannot /.test(error.message), error.message);
        continue;
      }
      runs++;
      assert(
        result.every(Number.isFinite),
        `seed ${seed}: ${JSON.stringify(config)} gives ${result}`,
      );
    }
    assert(runs >= 15, `only ${runs} of 150 configs are any good`);
  });
}
