/**
 * Every diffusion sampler as a compiled plan: noise levels in, arithmetic out, and one small runner
 * that executes any plan. No dependencies; runs in any JavaScript engine.
 *
 * Three ways in, from the most to the least convenient:
 *
 * - {@linkcode Scheduler} reads diffusers' `scheduler_config.json` and has diffusers' interface;
 * - {@linkcode samplerConfig} makes such a config from the names that people use;
 * - {@linkcode compile} and {@linkcode Runner} take any solver, prediction and levels.
 *
 * @example A run
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gaussianNoise, Scheduler, torchRandom } from "@shum/schedulers";
 *
 * const scheduler = Scheduler.fromConfig({ _class_name: "EulerAncestralDiscreteScheduler" });
 * scheduler.setTimesteps(10);
 * const noise = gaussianNoise(torchRandom(0));
 * const x = new Float32Array(16);
 * noise(x);
 * const run = scheduler.runner(x.map((z) => z * scheduler.initNoiseSigma), noise);
 * while (!run.done) {
 *   const input = run.x.map((value) => value * run.cIn);
 *   run.step(input.map(() => 0)); // the model's output for (input, run.t) goes here
 * }
 * assertEquals(run.index, 10);
 * ```
 *
 * @module
 */
export * from "./plan/noise_level.ts";
export * from "./plan/noise_schedule.ts";
export * from "./plan/plan.ts";
export * from "./plan/slot.ts";
export * from "./plan/prediction.ts";
export * from "./plan/trajectory.ts";
export * from "./plan/runner.ts";
export * from "./arithmetic/clip.ts";
export * from "./scheduler.ts";
export type { SchedulerConfig } from "./config/config.ts";
export * from "./schedules/betas.ts";
export * from "./schedules/discrete.ts";
export * from "./schedules/flow.ts";
export * from "./schedules/edm.ts";
export * from "./spacing/timesteps.ts";
export * from "./spacing/karras.ts";
export * from "./spacing/exponential.ts";
export * from "./spacing/polyexponential.ts";
export * from "./spacing/beta.ts";
export * from "./spacing/align_your_steps.ts";
export * from "./spacing/kl_optimal.ts";
export * from "./config/samplers.ts";
export * from "./solvers/ddpm.ts";
export * from "./solvers/ddim.ts";
export * from "./solvers/churn.ts";
export * from "./solvers/euler.ts";
export * from "./solvers/euler_ancestral.ts";
export * from "./solvers/heun.ts";
export * from "./solvers/dpm_solver_multistep.ts";
export * from "./solvers/dpm_solver_singlestep.ts";
export * from "./solvers/dpm_solver_sde.ts";
export * from "./solvers/dpmpp_2s_ancestral.ts";
export * from "./solvers/dpm_fast.ts";
export * from "./adaptive/dpm_adaptive.ts";
export * from "./solvers/dpm2.ts";
export * from "./solvers/dpm2_ancestral.ts";
export * from "./solvers/lms.ts";
export * from "./solvers/pndm.ts";
export * from "./solvers/ipndm.ts";
export * from "./solvers/deis.ts";
export * from "./solvers/unipc.ts";
export * from "./solvers/sa_solver.ts";
export * from "./solvers/lcm.ts";
export * from "./solvers/tcd.ts";
export * from "./solvers/consistency.ts";
export * from "./solvers/unclip.ts";
export * from "./solvers/repaint.ts";
export type { DpmAlgorithm, DpmSolverType } from "./solvers/_dpm_solver.ts";
export { weightedSum } from "./arithmetic/weighted_sum.ts";
export { type Gaussian, gaussianNoise } from "./random/gaussian.ts";
export { type TorchRandom, torchRandom } from "./random/torch_random.ts";
export { numpyRandom } from "./random/numpy_random.ts";
export { philoxRandom } from "./random/philox_random.ts";
export { brownianNoise } from "./random/brownian.ts";
export { adaptive, type AdaptiveSampler, drive, type Query } from "./adaptive/adaptive.ts";
export { type BetaRange, type Sde, subVpSde, veSde, vpSde } from "./schedules/sde.ts";
export { continuousView } from "./schedules/continuous_view.ts";
export { type TrainedProcess, trainedProcess } from "./config/trained_process.ts";
export { ddnm, type DdnmOptions, ddnmStrengths } from "./solvers/ddnm.ts";
export {
  annealedLangevin,
  type Annealing,
  annealingLevels,
  annealingPresets,
  annealingStep,
  scaledScore,
  sgld,
} from "./solvers/langevin.ts";
export { eulerMaruyama, reverseDiffusion, type ReverseOptions } from "./solvers/reverse_sde.ts";
export {
  predictorCorrector,
  type PredictorCorrectorOptions,
} from "./adaptive/predictor_corrector.ts";
export { type FlowOptions, probabilityFlow } from "./adaptive/probability_flow.ts";
export { type Likelihood, likelihood, type LikelihoodOptions } from "./adaptive/likelihood.ts";
export { scoreSde, type ScoreSdeConfig, type ScoreSdeRun } from "./adaptive/score_sde.ts";
export { type ContinuousProcess, continuousProcess } from "./adaptive/continuous_process.ts";
export {
  type VariationalBound,
  variationalBound,
  type VariationalBoundOptions,
} from "./adaptive/variational_bound.ts";
export {
  type ScoreMethod,
  scoreMethods,
  type ScorePlan,
  scorePlan,
  scoreSampler,
  type ScoreSamplerOptions,
} from "./adaptive/score_sampler.ts";
export { type TokenTransitions, vqTransitions } from "./discrete/transitions.ts";
export { guideTokens, tokenPosterior, truncateTokens } from "./discrete/posterior.ts";
export { type Uniform, VqDiffusion, type VqDiffusionOptions } from "./discrete/vq_diffusion.ts";
