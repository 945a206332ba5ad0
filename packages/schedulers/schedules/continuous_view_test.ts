import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { adaptive } from "../adaptive/adaptive.ts";
import { probabilityFlow } from "../adaptive/probability_flow.ts";
import { trainedProcess } from "../config/trained_process.ts";
import { betas } from "./betas.ts";
import { continuousView } from "./continuous_view.ts";
import { discreteSchedule } from "./discrete.ts";

const linear = discreteSchedule(betas("linear", { start: 1e-4, end: 0.02, length: 1000 }));
const cosine = discreteSchedule(betas("squaredcos_cap_v2", { start: 0, end: 0, length: 1000 }));

Deno.test("continuousView() meets the schedule at its timesteps, in both scalings", () => {
  for (const schedule of [linear, cosine]) {
    const [vp, ve] = [continuousView(schedule), continuousView(schedule, "ve")];
    for (const t of [0, 1, 300, 700, 998, 999]) {
      const { alpha, sigma } = schedule.at(t);
      assertAlmostEquals(vp.at(t / 999).alpha, alpha, 1e-6 + 1e-4 * alpha);
      assertAlmostEquals(vp.at(t / 999).sigma, sigma, 1e-5);
      assertAlmostEquals(ve.at(t / 999).sigma, sigma / alpha, 2e-4 * sigma / alpha);
    }
  }
});

Deno.test("continuousView() interpolates the logarithm of sigma between timesteps", () => {
  const { sigmas } = linear;
  const between = continuousView(linear, "ve").at(100.25 / 999).sigma;
  assertAlmostEquals(between, sigmas[100]! ** 0.75 * sigmas[101]! ** 0.25, 1e-9);
});

Deno.test("continuousView()'s drift and diffusion are the derivatives of its levels", () => {
  for (const scaling of ["vp", "ve"] as const) {
    const view = continuousView(linear, scaling), h = 1e-6;
    for (const t of [3.5, 250.5, 997.5]) {
      const time = t / 999, f = view.drift(time);
      const [a, b] = [view.at(time - h), view.at(time + h)];
      assertAlmostEquals(f, Math.log(b.alpha / a.alpha) / (2 * h), 1e-3 * Math.abs(f) + 1e-6);
      // d sigma² / dt = 2·f·sigma² + g²
      const { sigma } = view.at(time), g2 = view.diffusion(time) ** 2;
      const slope = (b.sigma ** 2 - a.sigma ** 2) / (2 * h);
      assertAlmostEquals(2 * f * sigma ** 2 + g2, slope, 1e-3 * Math.abs(slope));
    }
  }
});

Deno.test("continuousView()'s probability flow keeps a Gaussian's quantiles, in both scalings", () => {
  // Data N(0, 1/4): x stays at 1.5 standard deviations.
  const { prediction } = trainedProcess({ _class_name: "DDPMScheduler" });
  for (const scaling of ["vp", "ve"] as const) {
    const view = continuousView(linear, scaling);
    const deviation = ({ alpha, sigma }: { alpha: number; sigma: number }) =>
      Math.hypot(alpha / 2, sigma);
    const x = Float32Array.of(1.5 * deviation(view.at(1)));
    const run = adaptive(
      probabilityFlow(x, view, { to: 0.01, rtol: 1e-4, atol: 1e-4 }),
      prediction,
    );
    while (!run.done) {
      const { level } = run;
      run.step(run.x.map((value) => level.sigma * value / deviation(level) ** 2));
    }
    assertAlmostEquals(run.x[0]!, 1.5 * deviation(view.at(0.01)), 2e-3);
  }
});

Deno.test("continuousView() ends before a last timestep without data", () => {
  const zero =
    trainedProcess({ _class_name: "DDIMScheduler", rescale_betas_zero_snr: true }).schedule;
  assertEquals(zero.at(999).alpha, 0);
  const view = continuousView(zero, "ve");
  assertAlmostEquals(view.prior / zero.sigmas[998]!, 1, 1e-6);
  assertThrows(() => view.at(1.01), RangeError, "from 0 to 1");
});

Deno.test("trainedProcess() tells the network the timestep in either scaling, whichever the sampler", () => {
  const { prediction, schedule } = trainedProcess({
    _class_name: "EulerDiscreteScheduler",
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    beta_end: 0.012,
    prediction_type: "v_prediction",
  });
  const vp = schedule.at(400);
  const ve = { t: -7, alpha: 1, sigma: vp.sigma / vp.alpha };
  assertAlmostEquals(prediction({ ...vp, t: 0.4 }).cNoise, 400, 1e-3);
  assertAlmostEquals(prediction(ve).cNoise, 400, 1e-3);
  assertAlmostEquals(prediction(ve).cIn, vp.alpha, 1e-6);
});

Deno.test("trainedProcess() names a model that has no timesteps", () => {
  const flow = { _class_name: "FlowMatchEulerDiscreteScheduler" };
  assertThrows(() => trainedProcess(flow), RangeError, "FlowMatchEulerDiscreteScheduler");
});
