import type { NoiseLevel } from "./noise_level.ts";
import type { NoiseSchedule } from "./noise_schedule.ts";
import type { Preconditioning, Prediction } from "./prediction.ts";
import { parseSlot, type Vector } from "./slot.ts";

/** The weight of each slot in a sum. Summed in the order written, which decides the last bit. */
export interface Terms {
  /** Weight of the sample that the model just saw. */
  readonly x?: number;
  /** Weight of the clean sample that it predicted. */
  readonly x0?: number;
  /** Weight of the noise that it predicted. */
  readonly eps?: number;
  /** Weight of one of these some model calls ago. */
  readonly [past: `${Vector}[-${number}]`]: number;
}

/**
 * Noise whose standard deviation the model itself predicts, element by element:
 * `low^(1-u)·high^u`, `u = (v + 1) / 2`, where `v` are the model's variance channels.
 *
 * Nichol & Dhariwal (2021), https://arxiv.org/abs/2102.09672, eq. 15.
 */
export interface LearnedRange {
  /** The deviation where `v = -1`. */
  readonly low: number;
  /** The deviation where `v = 1`. */
  readonly high: number;
}

/** `Σ terms[slot]·slot + noise·z` with `z ~ N(0, I)`. */
export interface Combination {
  /** What is summed. */
  readonly terms: Terms;
  /**
   * The noise to add: a deviation; a range that the model interpolates; or `"learned"`, the square
   * root of the variance that the model predicts. Present means that one `z` is drawn, even if 0.
   */
  readonly noise?: number | LearnedRange | "learned";
  /** The lambdas that the noise spans, for samplers that use a Brownian path. */
  readonly interval?: readonly [from: number, to: number];
}

/** A model call at `level`, after which `x` is replaced. */
export interface Step {
  /** Where the sample is when the model sees it. */
  readonly level: NoiseLevel;
  /**
   * Noise added to `x` after the model call, which is then used as if made at the raised level. It
   * is folded into the noise of `x` when the plan is compiled.
   */
  readonly raised?: { readonly level: NoiseLevel; readonly noise: number };
  /** The next sample. */
  readonly x: Combination;
}

/**
 * A sampling algorithm: noise levels in, arithmetic out. No tensors, no state.
 *
 * Formulas of solvers lead from the level `s` to the next, `t`, with `h = lambda_t - lambda_s`; `x`,
 * `x0` and `eps` are the sample at `s` and what the model predicts there, `x0[-1]` what it predicted
 * one call before, `x0_m` what it predicts at `m`; `z` is noise.
 *
 * `levels` is the whole run, the level that it ends at included. A run that starts mid-way starts
 * at `levels[begin]` with no history.
 */
export type Solver = (
  levels: readonly NoiseLevel[],
  schedule: NoiseSchedule,
  begin?: number,
) => readonly Step[];

/** A step with what its model call needs. */
export type PlanStep = Omit<Step, "raised"> & Preconditioning;

/** Everything a run computes, as data: immutable, JSON, shareable between runs. */
export interface Plan {
  /** One per model call. */
  readonly steps: readonly PlanStep[];
  /** Whether `eps` is derived from the prediction before or after it is clipped. */
  readonly eps: "raw" | "clipped";
}

/** What {@linkcode compile} may be told beside the algorithm. */
export interface CompileOptions {
  /** The index of the level to start at; 0 by default. */
  readonly begin?: number | undefined;
  /** See {@linkcode Plan.eps}; `"clipped"` by default. */
  readonly eps?: "raw" | "clipped" | undefined;
}

/**
 * Turns an algorithm and noise levels into a plan.
 *
 * @param solver The algorithm.
 * @param prediction What the network predicts.
 * @param schedule How the data was corrupted in training.
 * @param levels The noise levels of the run, the last one included.
 * @param options Where to start, and what `eps` is derived from.
 * @returns The plan, one step for each model call.
 * @throws {RangeError} if a coefficient is not finite, naming the step: for instance epsilon
 * prediction where `alpha` is 0.
 *
 * @example One step to clean data
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compile, ddim, edmSchedule, epsilon } from "@shum/schedulers";
 * const levels = [2, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const plan = compile(ddim(), epsilon, edmSchedule(), levels);
 * assertEquals(plan.steps[0]!.x, { terms: { x0: 1, eps: 0 } });
 * ```
 */
export function compile(
  solver: Solver,
  prediction: Prediction,
  schedule: NoiseSchedule,
  levels: readonly NoiseLevel[],
  { begin = 0, eps = "clipped" }: CompileOptions = {},
): Plan {
  const steps = solver(levels, schedule, begin).map((step, i): PlanStep => {
    const result = fold(step, prediction);
    validate(result, begin + i);
    return result;
  });
  return { steps, eps };
}

/**
 * Adds what the model call needs, and turns noise that was added before the update into noise of
 * it.
 */
function fold({ level, raised, x }: Step, prediction: Prediction): PlanStep {
  if (!raised) return { level, x, ...prediction(level) };
  const { cIn, cNoise } = prediction(level);
  const use = prediction(raised.level);
  const { x: own = 0, x0 = 0, eps = 0 } = x.terms;
  const noise = raised.noise * (own + x0 * use.cSkip + eps * use.eSkip);
  return { level, x: { ...x, noise }, ...use, cIn, cNoise };
}

function validate(step: PlanStep, index: number): void {
  const where = `step ${index} (timestep ${step.level.t}, alpha ${step.level.alpha}, ` +
    `sigma ${step.level.sigma})`;
  const terms = Object.entries(step.x.terms);
  const uses = (vector: Vector) => terms.some(([slot]) => parseSlot(slot).vector === vector);
  const needed: [string, number][] = [...terms, ["cIn", step.cIn]];
  if (uses("x0")) needed.push(["cSkip", step.cSkip], ["cOut", step.cOut]);
  if (uses("eps")) needed.push(["eSkip", step.eSkip], ["eOut", step.eOut]);
  const { noise } = step.x;
  if (typeof noise === "number") needed.push(["noise", noise]);
  else if (typeof noise === "object") needed.push(["low", noise.low], ["high", noise.high]);
  for (const [name, value] of needed) {
    if (Number.isFinite(value)) continue;
    throw new RangeError(
      `Cannot compile plan: ${name} is ${value} at ${where}; expected a finite number. ` +
        `The prediction type or solver order does not work at this noise level.`,
    );
  }
}
