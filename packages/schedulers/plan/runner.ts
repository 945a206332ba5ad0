import type { NoiseLevel } from "./noise_level.ts";
import { type Action, action, depths, type Sum } from "./_fold.ts";
import type { Combination, Plan, PlanStep } from "./plan.ts";
import type { Vector } from "./slot.ts";
import type { Trajectory } from "./trajectory.ts";
import type { Clip } from "../arithmetic/clip.ts";
import { weightedSum } from "../arithmetic/weighted_sum.ts";
import { allocateVectors } from "../wasm/_simd.ts";

/** Fills `out` with N(0, I); independent draws ignore the interval of lambdas. */
export type Noise = (out: Float32Array, interval?: readonly [from: number, to: number]) => void;

/**
 * Elements that go through all sums of a step before the next ones do: they stay in a core's cache.
 */
const BLOCK = 16384;

/**
 * Executes any plan: a few buffers and a position.
 *
 * `x0` and `eps` are linear in `x` and the model's output, so they are folded into the update and
 * never stored, unless a later step reads them or they are clipped. Each update is one pass that
 * rounds once. Nothing is allocated or copied after construction.
 *
 * @example A model that knows the noise
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compile, ddim, edmSchedule, epsilon, Runner } from "@shum/schedulers";
 * const levels = [2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * const plan = compile(ddim(), epsilon, edmSchedule(), levels);
 * const runner = new Runner(plan, Float32Array.of(2.5, -2), () => {});
 * while (!runner.done) runner.step(Float32Array.of(1, -1)); // the exact noise
 * assertEquals([...runner.x], [0.5, 0]);
 * ```
 */
export class Runner implements Trajectory {
  /**
   * A place for the model's output, which {@linkcode step} reads faster than an array from
   * elsewhere: let guidance write there.
   */
  readonly output: Float32Array;
  readonly #plan: Plan;
  readonly #noise: Noise;
  readonly #clip: Clip | undefined;
  readonly #batch: number;
  readonly #actions: readonly Action[];
  readonly #renoised: (Action | undefined)[] = [];
  readonly #rings: Readonly<Record<Vector, readonly Float32Array[]>>;
  readonly #z: Float32Array | undefined;
  readonly #preview: Float32Array;
  #output: Float32Array | undefined;
  #renoise: Float32Array | undefined;
  #previewed = true;
  #index = 0;

  /**
   * Starts a run.
   *
   * @param plan What to compute.
   * @param x The sample at the level of the plan's first step; it is copied.
   * @param noise The source of noise, one draw for each step that has any.
   * @param clip Bounds the predicted clean sample.
   * @param batch How many samples lie in `x`, one after the other; only a clip needs to know.
   */
  constructor(plan: Plan, x: Float32Array, noise: Noise, clip?: Clip, batch = 1) {
    this.#plan = plan;
    this.#noise = noise;
    this.#clip = clip;
    this.#batch = batch;
    const ages = depths(plan);
    this.#actions = plan.steps.map((_, i) => action(plan, i, clip !== undefined));
    const stores = (vector: "x0" | "eps") => this.#actions.some((a) => a[vector] !== undefined);
    const counts = [
      ages.x + 2, // one more than is read: the next x is written while x is read
      stores("x0") ? ages.x0 + 1 : 0,
      stores("eps") ? ages.eps + 1 : 0,
      plan.steps.some((step) => step.x.noise !== undefined) ? 1 : 0,
      2,
    ] as const;
    // From one call, so that sums over them run in WebAssembly.
    const vectors = allocateVectors(counts.reduce((sum, count) => sum + count, 0), x.length);
    const ring = (count: number) => vectors.splice(0, count);
    this.#rings = { x: ring(counts[0]), x0: ring(counts[1]), eps: ring(counts[2]) };
    [this.#z] = ring(counts[3]);
    [this.#preview, this.output] = ring(counts[4]) as [Float32Array, Float32Array];
    this.x.set(x);
  }

  /**
   * The level of {@linkcode x}.
   *
   * @throws {RangeError} if the run is done.
   */
  get level(): NoiseLevel {
    return this.#step.level;
  }

  /** Model calls done so far. */
  get index(): number {
    return this.#index;
  }

  /** Model calls of the whole plan. */
  get total(): number {
    return this.#plan.steps.length;
  }

  /** Whether {@linkcode x} is the result. */
  get done(): boolean {
    return this.#index >= this.total;
  }

  /** The sample, live: inpainting blends into it between steps. */
  get x(): Float32Array {
    return this.#buffer("x", 0);
  }

  /**
   * The clean sample that the last call predicted, clipped if there is a clip. Worked out when
   * asked for, so ask before the output that was passed to {@linkcode step} is overwritten.
   */
  get x0(): Float32Array {
    const last = this.#index - 1;
    if (this.#previewed || last < 0) return this.#preview;
    this.#previewed = true;
    if (this.#actions[last]!.x0) {
      this.#preview.set(this.#rings.x0[last % this.#rings.x0.length]!);
    } else {
      const { cSkip, cOut } = this.#plan.steps[last]!;
      const x = this.#rings.x[last % this.#rings.x.length]!;
      weightedSum(this.#preview, [cSkip, cOut], [x, this.#output!]);
    }
    return this.#preview;
  }

  /** What {@linkcode x} is multiplied by before the model sees it. */
  get cIn(): number {
    return this.#step.cIn;
  }

  /** What the model is told about the level. */
  get t(): number {
    return this.#step.cNoise;
  }

  /**
   * Takes the model's output at {@linkcode x} and moves on.
   *
   * @param output The model's output.
   * @param variance The variance channels of models that have them, of the same length.
   * @param renoise A second output, from which `eps` is taken while `x0` comes from the first: CFG++,
   * Chung et al. (2024), https://arxiv.org/abs/2406.08070, algorithm 2.
   * @throws {RangeError} if the run is done, a length is wrong, or the plan needs the variance and
   * there is none.
   */
  step(output: Float32Array, variance?: Float32Array, renoise?: Float32Array): void {
    const act = renoise ? this.#renoisedAction : this.#action;
    const x = this.x;
    this.#renoise = renoise;
    if (output.length !== x.length) {
      throw new RangeError(
        `Cannot step: the model's output has ${output.length} elements; expected ${x.length}, ` +
          `as many as the sample. Split off variance channels and pass them as \`variance\`.`,
      );
    }
    this.#output = output;
    if (act.noise !== undefined) {
      this.#noise(this.#z!, act.interval);
      if (typeof act.noise !== "number") scaleNoise(this.#z!, act.noise, variance);
    }
    const clip = act.x0 && this.#clip;
    const first = clip && !clip.pointwise;
    if (first) { // it sees all of x0, before anything reads it
      const x0 = this.#buffer("x0", 0);
      this.#sum(x0, act.x0, 0, x.length);
      clip(x0, this.#batch);
    }
    const block = act.eps || (act.x0 && !first) ? BLOCK : x.length;
    for (let start = 0; start < x.length; start += block) {
      const end = Math.min(start + block, x.length);
      if (act.x0 && !first) {
        const x0 = this.#buffer("x0", 0);
        this.#sum(x0, act.x0, start, end);
        clip?.(end - start === x.length ? x0 : x0.subarray(start, end), this.#batch);
      }
      if (act.eps) this.#sum(this.#buffer("eps", 0), act.eps, start, end);
      this.#sum(this.#buffer("x", -1), act.x, start, end);
    }
    this.#index++;
    this.#previewed = false;
  }

  get #step(): PlanStep {
    const step = this.#plan.steps[this.#index];
    if (!step) throw new RangeError(pastTheEnd(this.total));
    return step;
  }

  get #action(): Action {
    const act = this.#actions[this.#index];
    if (!act) throw new RangeError(pastTheEnd(this.total));
    return act;
  }

  /**
   * As {@linkcode #action}, but with `eps` from a second output; worked out when first asked for.
   */
  get #renoisedAction(): Action {
    if (this.done) throw new RangeError(pastTheEnd(this.total));
    const clipped = this.#clip !== undefined;
    return this.#renoised[this.#index] ??= action(this.#plan, this.#index, clipped, "renoise");
  }

  #buffer(vector: Vector, age: number): Float32Array {
    const ring = this.#rings[vector];
    return ring[(this.#index - age) % ring.length]!;
  }

  #sum(out: Float32Array, { weights, from, vectors }: Sum, start: number, end: number): void {
    for (let k = 0; k < from.length; k++) {
      const { vector, age } = from[k]!;
      vectors[k] = vector === "output"
        ? this.#output!
        : vector === "renoise"
        ? this.#renoise!
        : vector === "noise"
        ? this.#z!
        : this.#buffer(vector, age);
    }
    weightedSum(out, weights, vectors, start, end);
  }
}

function pastTheEnd(total: number): string {
  return `Cannot step: all ${total} steps of the plan are done; expected no further call`;
}

function scaleNoise(
  z: Float32Array,
  noise: Exclude<Combination["noise"], number | undefined>,
  variance: Float32Array | undefined,
): void {
  if (variance?.length !== z.length) {
    throw new RangeError(
      `Cannot step: the plan needs the model's variance, which has ${variance?.length ?? 0} ` +
        `elements; expected ${z.length}. Pass the variance channels of the model's output.`,
    );
  }
  if (noise === "learned") {
    for (let i = 0; i < z.length; i++) z[i] = z[i]! * Math.sqrt(variance[i]!);
    return;
  }
  const low = Math.log(noise.low);
  const half = (Math.log(noise.high) - low) / 2;
  for (let i = 0; i < z.length; i++) z[i] = z[i]! * Math.exp(low + half * (variance[i]! + 1));
}
