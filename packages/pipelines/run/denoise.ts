/**
 * The loop of every pipeline: a plan, a guidance and a denoiser, step by step.
 *
 * @module
 */
import {
  type Branch,
  type Guidance,
  type Progress,
  renoisingPlan,
  scaleAt,
  shiftMean,
  shiftOutput,
} from "@shum/guidance";
import {
  type Clip,
  type Noise,
  type NoiseLevel,
  type Plan,
  Runner,
  type Trajectory,
  weightedSum,
} from "@shum/schedulers";
import { checkGuidance } from "./_check_guidance.ts";

/**
 * Evaluates a network at `x` (scaled as it wants) and `t`: one raw output per branch, in their order.
 * Outputs twice as long as `x` have, per sample, the variance channels behind the others.
 */
export type Predict = (
  x: Float32Array,
  t: number,
  branches: readonly Branch[],
) => Promise<readonly Float32Array[]>;

/**
 * A classifier: the gradient of log p(y | x) with respect to what it is shown, which is what the denoiser
 * is shown, `x` scaled by `cIn` and `t`. The loop gives it the factor `cIn` that makes it one in `x`.
 */
export type PredictGradient = (x: Float32Array, t: number) => Promise<Float32Array>;

/** What the loop needs besides what it drives. */
export interface DenoiseSettings {
  /** How many samples there are, one after the other. */
  readonly batch: number;
  /** How predictions are combined. */
  readonly guidance: Guidance;
  /** The network. */
  readonly predict: Predict;
  /** The classifier, where the guidance asks for one. */
  readonly gradient?: PredictGradient | undefined;
  /**
   * Called before each step of a plan with the predicted clean samples, which it may change in place. The
   * step is made from them and from the noise that the network itself predicted.
   */
  readonly correct?:
    | ((x0: Float32Array, progress: Progress) => void | Promise<void>)
    | undefined;
  /**
   * Called after call `index` (from 0) with the new samples, which it may change in place, and the level
   * they are at; there is none after the last call.
   */
  readonly afterStep?:
    | ((x: Float32Array, index: number, level: NoiseLevel | undefined) => void)
    | undefined;
  /** Stops the loop between two calls. */
  readonly signal?: AbortSignal | undefined;
}

/** A run of a plan. */
export interface PlanRun {
  /** What to compute. */
  readonly plan: Plan;
  /** The samples at the plan's first level; not changed. */
  readonly x: Float32Array;
  /** Where the plan's noise comes from. */
  readonly noise: Noise;
  /** Bounds of predicted clean samples. */
  readonly clip?: Clip | undefined;
}

/** A run of a sampler whose steps depend on data, such as `scoreSde` of `@shum/schedulers`. */
export interface TrajectoryRun {
  /** The run, at its start. */
  readonly trajectory: Trajectory;
}

/** Everything that the loop needs. */
export type DenoiseOptions = DenoiseSettings & (PlanRun | TrajectoryRun);

/** What the loop shows after each call. */
export interface DenoiseStep extends Progress {
  /** The samples after the step. Valid until the next iteration. */
  readonly x: Float32Array;
  /** The predicted clean samples. Valid until the next iteration. */
  readonly x0: Float32Array;
}

/**
 * Runs a plan, or a sampler that finds its steps as it goes: asks the guidance for branches, the network
 * for predictions, combines them and steps.
 *
 * @param options What to run, guidance, network.
 * @returns A generator of the states after each call, which returns the final samples.
 * @throws {TypeError} When the guidance wants a classifier and there is none, or a plan.
 * @throws {RangeError} When the guidance's classifier term does not fit the plan.
 * @throws The signal's reason, when it is aborted.
 *
 * @example A network that knows the data is all 3
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { none } from "@shum/guidance";
 * import { denoise, drain } from "@shum/pipelines";
 * import { sample } from "@shum/schedulers";
 *
 * const level = { t: 999, alpha: 0, sigma: 1 };
 * const step = { level, x: { terms: { x0: 1 } }, ...sample(level) };
 * const result = await drain(denoise({
 *   plan: { steps: [step], eps: "raw" },
 *   x: Float32Array.of(0.5, -1),
 *   batch: 1,
 *   noise: () => {},
 *   guidance: none(),
 *   predict: () => Promise.resolve([Float32Array.of(3, 3)]),
 * }));
 * assertAlmostEquals(result[0]!, 3, 1e-6);
 * ```
 */
export async function* denoise(options: DenoiseOptions): AsyncGenerator<DenoiseStep, Float32Array> {
  const { batch, guidance, predict, gradient, correct, afterStep, signal } = options;
  checkGuidance(guidance, {
    plan: "plan" in options ? options.plan : undefined,
    hasGradient: gradient !== undefined,
  });
  const { runner, plan } = begin(options);
  const combine = guidance.start({ batch });
  const input = new Float32Array(runner.x.length);
  const output = runner.output ?? new Float32Array(runner.x.length);

  while (!runner.done) {
    signal?.throwIfAborted();
    const { index, total, level, cIn } = runner;
    const step = plan?.steps[index];
    const progress = { index, total, level };
    const branches = guidance.branches(progress);
    weightedSum(input, [cIn], [runner.x]);
    const outputs = branches.length > 0 ? await predict(input, runner.t, branches) : [];
    signal?.throwIfAborted();

    const { predictions, variance } = arrange(branches, outputs, input.length, batch);
    let renoise = guidance.renoise && predictions[guidance.renoise];
    if (step && guidance.on === "x0") {
      // Combined where the guidance wants it and taken back, since the runner reads raw outputs.
      for (const branch of branches) {
        predictions[branch] = toX0(predictions[branch]!, runner.x, step.cSkip, step.cOut);
      }
      combine(output, predictions, progress);
      weightedSum(output, [1 / step.cOut, -step.cSkip / step.cOut], [output, runner.x]);
    } else {
      combine(output, predictions, progress);
    }
    const term = guidance.gradient;
    let slope: Float32Array | undefined;
    if (step && term) {
      slope = await gradient!(input, runner.t);
      signal?.throwIfAborted();
      // The classifier saw cIn x, so the gradient in x has the factor cIn.
      const scale = scaleAt(term.scale, progress) * cIn;
      if (term.form === "ddim") shiftOutput(output, slope, scale, level, step.cOut);
    }
    if (step && correct) {
      renoise ??= Float32Array.from(output);
      const x0 = toX0(output, runner.x, step.cSkip, step.cOut);
      await correct(x0, progress);
      signal?.throwIfAborted();
      weightedSum(output, [1 / step.cOut, -step.cSkip / step.cOut], [x0, runner.x]);
    }
    runner.step(output, variance, renoise);
    if (slope && term?.form === "ddpm" && typeof step?.x.noise === "number") {
      shiftMean(runner.x, slope, scaleAt(term.scale, progress) * cIn, step.x.noise);
    }
    afterStep?.(runner.x, index, runner.done ? undefined : runner.level);
    yield {
      ...progress,
      x: runner.x,
      get x0() {
        return runner.x0;
      },
    };
  }
  return runner.x;
}

/** What {@linkcode Runner} and adaptive runs have in common; only the former knows a second output. */
interface Driven extends Trajectory {
  readonly output?: Float32Array;
  step(output: Float32Array, variance?: Float32Array, renoise?: Float32Array): void;
}

function begin(options: DenoiseOptions): { runner: Driven; plan: Plan | undefined } {
  if ("trajectory" in options) return { runner: options.trajectory, plan: undefined };
  const { guidance, correct, x, noise, clip, batch } = options;
  const plan = guidance.renoise || correct ? renoisingPlan(options.plan) : options.plan;
  return { runner: new Runner(plan, x, noise, clip, batch), plan };
}

/** Outputs by branch, without their variance channels; the positive branch's are kept. */
function arrange(
  branches: readonly Branch[],
  outputs: readonly Float32Array[],
  length: number,
  batch: number,
): { predictions: Partial<Record<Branch, Float32Array>>; variance: Float32Array | undefined } {
  const predictions: Partial<Record<Branch, Float32Array>> = {};
  let variance: Float32Array | undefined;
  branches.forEach((branch, k) => {
    const output = outputs[k]!;
    if (output.length === length) {
      predictions[branch] = output;
      return;
    }
    if (output.length !== 2 * length) {
      throw new RangeError(
        `Cannot denoise: the network gave ${output.length} values for a sample of ${length}; ` +
          `expected as many, or twice as many with a learned variance`,
      );
    }
    predictions[branch] = splitChannels(output, length, batch, 0);
    if (branch === "positive") variance = splitChannels(output, length, batch, 1);
  });
  return { predictions, variance };
}

/** The first or second half of each sample's channels. */
function splitChannels(
  from: Float32Array,
  length: number,
  batch: number,
  half: 0 | 1,
): Float32Array {
  const size = length / batch;
  const out = new Float32Array(length);
  for (let b = 0; b < batch; b++) {
    const start = (2 * b + half) * size;
    out.set(from.subarray(start, start + size), b * size);
  }
  return out;
}

function toX0(output: Float32Array, x: Float32Array, cSkip: number, cOut: number): Float32Array {
  const out = new Float32Array(x.length);
  weightedSum(out, [cSkip, cOut], [x, output]);
  return out;
}
