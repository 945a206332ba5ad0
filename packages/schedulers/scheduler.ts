import type { Clip } from "./arithmetic/clip.ts";
import type { SchedulerConfig } from "./config/config.ts";
import type { NoiseLevel } from "./plan/noise_level.ts";
import { compile, type Plan } from "./plan/plan.ts";
import { clipOf, resolve, type Resolved } from "./config/resolve.ts";
import { type Noise, Runner } from "./plan/runner.ts";
import { fromPureNoise } from "./solvers/_from_pure_noise.ts";
import type { Table, TableRequest } from "./tables/table.ts";
import { tableRequest } from "./config/_table_request.ts";
import type { TimestepsOptions } from "./config/timesteps_options.ts";

export type { TimestepsOptions };

/** What one {@linkcode Scheduler.step} gives back. */
export interface SchedulerOutput {
  /** The sample at the next level. */
  readonly prevSample: Float32Array;
  /** The clean sample that the model's output implies. */
  readonly predOriginalSample: Float32Array;
}

/**
 * The diffusers interface over a plan: a config in, timesteps and steps out.
 *
 * Its methods take an `index` where diffusers takes a timestep, for Heun and PNDM visit a timestep
 * twice. Pipelines use {@linkcode Scheduler.runner}, which copies nothing.
 *
 * @example A run of four steps
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Scheduler } from "@shum/schedulers";
 * const scheduler = Scheduler.fromConfig({ _class_name: "DDIMScheduler", clip_sample: false });
 * scheduler.setTimesteps(4);
 * assertEquals(scheduler.timesteps, [750, 500, 250, 0]);
 * let x: Float32Array = Float32Array.of(0.5, -0.5);
 * for (const t of scheduler.timesteps) {
 *   const modelOutput = x.map((value) => (value * t) / (t + 1)); // the model goes here
 *   x = scheduler.step(modelOutput, x).prevSample;
 * }
 * ```
 */
export class Scheduler {
  /** As given, without the keys that were filled in from defaults. */
  readonly config: SchedulerConfig;
  /** Bounds the predicted clean sample, if the config asks for it. */
  readonly clip: Clip | undefined;
  /** diffusers' `order`: model calls per noise level. */
  readonly order: number;
  readonly #resolved: Resolved;
  readonly #table: (request: TableRequest) => Table;
  #chosen: Table | undefined;
  #begin = 0;
  #whole: Plan | undefined;
  #plan: Plan | undefined;
  #runner: Runner | undefined;

  private constructor(config: SchedulerConfig) {
    this.#resolved = resolve(config);
    const { entry, settings } = this.#resolved;
    const inherited = new Set(config._use_default_values);
    this.config = Object.fromEntries(
      Object.entries(config).filter(([key]) =>
        !inherited.has(key) && key !== "_use_default_values"
      ),
    ) as SchedulerConfig;
    this.clip = clipOf(settings);
    this.order = entry.calls ?? 1;
    this.#table = entry.table(settings);
  }

  /**
   * Makes the scheduler that a `scheduler_config.json` describes. To convert one class to another,
   * as `from_config` does, replace `_class_name`.
   *
   * @param config The config.
   * @returns A scheduler that visits every training timestep until {@linkcode setTimesteps} says which.
   * @throws {RangeError} if the class or a value is not known, or values contradict each other, naming
   * the key.
   * @throws {TypeError} if a value is of the wrong kind, naming the key.
   *
   * @example From one class to another
   * ```ts
   * import { assertEquals, assertThrows } from "@std/assert";
   * import { Scheduler } from "@shum/schedulers";
   * const pndm = Scheduler.fromConfig({ _class_name: "PNDMScheduler", steps_offset: 1 });
   * const euler = Scheduler.fromConfig({ ...pndm.config, _class_name: "EulerDiscreteScheduler" });
   * assertEquals(euler.config.steps_offset, 1);
   * assertThrows(() => Scheduler.fromConfig({ _class_name: "EulerScheduler" }), RangeError);
   * ```
   */
  static fromConfig(config: SchedulerConfig): Scheduler {
    return new Scheduler(config);
  }

  /**
   * Chooses the noise levels of a run and starts over.
   *
   * @param steps How many; `undefined` where a list of timesteps or sigmas says it.
   * @param options Custom timesteps or sigmas, and what single classes take beside them.
   * @throws {RangeError} if steps, timesteps or sigmas make no run, naming the value.
   */
  setTimesteps(steps: number | undefined, options: TimestepsOptions = {}): void {
    this.#restart(this.#table(tableRequest(this.#resolved, steps, options)));
  }

  /**
   * Starts the run at its `step`-th step, counted from 0: {@linkcode setBeginIndex} by noise levels
   * instead of model calls.
   *
   * @param step The number of the step.
   * @throws {RangeError} if there is no such step.
   */
  setBeginStep(step: number): void {
    const steps = this.#current.levels.length - 1;
    if (!(Number.isInteger(step) && step >= 0 && step < steps)) {
      throw new RangeError(
        `Cannot set begin step: ${step} of ${steps} steps; expected a whole number from 0 to ` +
          `${steps - 1}`,
      );
    }
    this.#begin = step;
    this.#plan = undefined;
    this.#runner = undefined;
  }

  /**
   * Starts the run at `timesteps[index]`, as image-to-image does: the plan is compiled again, with
   * no history.
   *
   * @param index The index of the timestep.
   * @throws {RangeError} if no noise level starts there.
   */
  setBeginIndex(index: number): void {
    const whole = this.#compiledWhole();
    const level = whole.steps[index]?.level;
    const begin = this.#current.levels.indexOf(level!);
    if (begin < 0) {
      throw new RangeError(
        `Cannot set begin index: ${index} of ${whole.steps.length} timesteps; expected a whole ` +
          `number from 0 to ${whole.steps.length - 1}` +
          (level ? ", not in the middle of a step" : ""),
      );
    }
    this.setBeginStep(begin);
  }

  /** What to compute, from the begin index on; one step per model call. */
  get plan(): Plan {
    return this.#plan ??= this.#begin === 0 ? this.#compiledWhole() : this.#compiled(this.#begin);
  }

  /** What the model is told at each call of the whole run. */
  get timesteps(): readonly number[] {
    const told = (plan: Plan) => plan.steps.map((step) => step.cNoise);
    const whole = told(this.#compiledWhole());
    if (this.#begin === 0) return whole;
    return [...whole.slice(0, this.#skipped()), ...told(this.plan)];
  }

  /** The levels at which the steps of the whole run begin, and the one that it ends at. */
  get levels(): readonly NoiseLevel[] {
    return this.#current.levels;
  }

  /** The deviation of the noise that a run starts from. */
  get initNoiseSigma(): number {
    return this.#current.initNoiseSigma;
  }

  /**
   * The level of `timesteps[index]`, in the scaling that the scheduler's samples have; the index
   * past the last gives the level that a run ends at.
   *
   * @param index The index of the timestep.
   * @returns The level.
   * @throws {RangeError} if there is no such index.
   */
  noiseLevel(index: number): NoiseLevel {
    const skipped = this.#skipped();
    const { steps } = index < skipped ? this.#compiledWhole() : this.plan;
    const own = index < skipped ? index : index - skipped;
    const { levels } = this.#current;
    const level = own === steps.length ? levels[levels.length - 1] : steps[own]?.level;
    if (!level) {
      throw new RangeError(
        `Cannot look up noise level: index is ${index}; expected a whole number from 0 to ` +
          `${skipped + steps.length}`,
      );
    }
    return level;
  }

  /**
   * Mixes data with noise, `alpha·x0 + sigma·noise`, as it is at `timesteps[index]`.
   *
   * @param x0 The data.
   * @param noise Noise, of the same length.
   * @param index The index of the timestep.
   * @returns The mixture, a new array.
   * @throws {RangeError} if there is no such index, or the lengths differ.
   */
  addNoise(x0: Float32Array, noise: Float32Array, index: number): Float32Array {
    const { alpha, sigma } = this.noiseLevel(index);
    sameLength("add noise", "noise", noise, x0.length);
    return x0.map((value, i) => alpha * value + sigma * noise[i]!);
  }

  /**
   * What the model sees of a sample at `timesteps[index]`.
   *
   * @param sample The sample.
   * @param index The index of the timestep.
   * @returns The sample times `cIn`, a new array.
   * @throws {RangeError} if there is no such index.
   */
  scaleModelInput(sample: Float32Array, index: number): Float32Array {
    const skipped = this.#skipped();
    const plan = index < skipped ? this.#compiledWhole() : this.plan;
    const step = plan.steps[index < skipped ? index : index - skipped];
    if (!step) {
      throw new RangeError(
        `Cannot scale model input: index is ${index}; expected a whole number below ` +
          `${skipped + plan.steps.length}`,
      );
    }
    return sample.map((value) => step.cIn * value);
  }

  /**
   * Takes the model's output for `sample`, at the next timestep of the run.
   *
   * @param modelOutput The model's output.
   * @param sample The sample that the model was shown, before {@linkcode scaleModelInput}.
   * @param noise The source of noise, which stochastic samplers need.
   * @param options The variance channels of models that have them; and how many samples there are,
   * which dynamic thresholding needs to know.
   * @returns The next sample and the clean one, new arrays.
   * @throws {RangeError} if the run is done, or a length is not that of the sample.
   * @throws {TypeError} if the sampler is stochastic and there is no noise.
   */
  step(
    modelOutput: Float32Array,
    sample: Float32Array,
    noise?: Noise,
    { variance, batch = 1 }: { variance?: Float32Array | undefined; batch?: number | undefined } =
      {},
  ): SchedulerOutput {
    const runner = this.#runner ??= new Runner(
      this.plan,
      sample,
      (out, interval) => this.#noise(out, interval),
      this.clip,
      batch,
    );
    this.#noise = noise ?? missing;
    sameLength("step", "sample", sample, runner.x.length);
    runner.x.set(sample);
    runner.step(modelOutput, variance);
    return { prevSample: runner.x.slice(), predOriginalSample: runner.x0.slice() };
  }

  /**
   * Runs the plan.
   *
   * @param x The sample at the plan's first level; it is copied.
   * @param noise The source of noise, one draw for each step that has any.
   * @param batch How many samples lie in `x`.
   * @returns The run, at its beginning.
   */
  runner(x: Float32Array, noise: Noise, batch = 1): Runner {
    return new Runner(this.plan, x, noise, this.clip, batch);
  }

  #noise: Noise = missing;

  /** Before timesteps are set, every training timestep is visited, as in diffusers. */
  get #current(): Table {
    if (this.#chosen) return this.#chosen;
    const steps = this.#resolved.settings.num_train_timesteps;
    const timesteps = Array.from({ length: steps }, (_, i) => steps - 1 - i);
    return this.#chosen = this.#table({ steps, timesteps });
  }

  #restart(table: Table): void {
    this.#chosen = table;
    this.#begin = 0;
    this.#whole = this.#plan = this.#runner = undefined;
    void this.#compiledWhole(); // errors surface here
  }

  #compiledWhole(): Plan {
    return this.#whole ??= this.#compiled(0);
  }

  #compiled(begin: number): Plan {
    const { entry, settings, prediction } = this.#resolved;
    const { levels, schedule } = this.#current;
    const eps = entry.eps?.(settings) ?? "clipped";
    const solver = fromPureNoise(entry.solver(settings), settings.pure_noise_sigma);
    return compile(solver, prediction, schedule, levels, { begin, eps });
  }

  /** How many model calls of the whole run come before the begin index. */
  #skipped(): number {
    if (this.#begin === 0) return 0;
    const level = this.#current.levels[this.#begin];
    const calls = this.#compiledWhole().steps;
    let last = calls.length - 1; // where a timestep is visited twice, the second starts its step
    while (calls[last]!.level !== level) last--;
    return last;
  }
}

function sameLength(what: string, name: string, values: Float32Array, length: number): void {
  if (values.length === length) return;
  throw new RangeError(
    `Cannot ${what}: ${name} has ${values.length} elements; expected ${length}, as before`,
  );
}

function missing(): never {
  throw new TypeError(
    "Cannot step: noise is undefined; expected a source, for instance torchRandom",
  );
}
