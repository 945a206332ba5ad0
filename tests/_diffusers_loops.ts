/** The inputs and loops of diffusers' own scheduler tests, over our `Scheduler`. */
import {
  type Gaussian,
  gaussianNoise,
  type Noise,
  Scheduler,
  type SchedulerConfig,
  type TimestepsOptions,
  torchRandom,
} from "../packages/schedulers/mod.ts";

/** What a loop leaves behind: the final sample. */
export type Result = Float32Array;

/** [B, C, ...] with the batch as the fastest index of the ramp: 0 to (n - 1) / n. */
export function dummySample(batch = 4, size = 192): Float32Array {
  const n = batch * size;
  return Float32Array.from({ length: n }, (_, k) => {
    const [b, i] = [Math.floor(k / size), k % size];
    return Math.fround(i * batch + b) / n;
  });
}

/** The same ramp, reversed. */
export function dummyNoise(batch = 4, size = 192): Float32Array {
  const n = batch * size;
  return Float32Array.from({ length: n }, (_, k) => {
    const [b, i] = [Math.floor(k / size), k % size];
    return Math.fround(n - 1 - (i * batch + b)) / n;
  });
}

/** `x·t / (t + 1)`. */
export function dummyModel(x: Float32Array, t: number): Float32Array {
  return x.map((value) => Math.fround(value * t) / Math.fround(t + 1));
}

/** How a loop runs. */
export interface Loop {
  readonly config: SchedulerConfig;
  /** Absent: timesteps are never set; `"listed"`: as many as the options list. */
  readonly steps?: number | "listed";
  readonly options?: TimestepsOptions;
  readonly seed?: number;
  /** Index into timesteps; with `addNoise`, the sample is first brought to that level. */
  readonly start?: number;
  readonly addNoise?: boolean;
  /** Whether the sample starts from `initNoiseSigma`. */
  readonly scaleStart?: boolean;
  /** Whether the scaled input is handed to `step`, as some upstream tests do; `"model"`: to the model only. */
  readonly scaleInput?: "model" | "step";
  readonly batch?: number;
  readonly size?: number;
  /** The variance channels, for models that have them. */
  readonly variance?: (modelOutput: Float32Array) => Float32Array;
}

/** Runs a loop through the public interface. */
export function runLoop(loop: Loop): { result: Result; calls: number; scheduler: Scheduler } {
  const { batch = 4, size = 192 } = loop;
  const scheduler = Scheduler.fromConfig(loop.config);
  if (loop.steps !== undefined) {
    scheduler.setTimesteps(loop.steps === "listed" ? undefined : loop.steps, loop.options);
  }
  const gaussian: Gaussian = torchRandom(loop.seed ?? 0);
  const noise: Noise = gaussianNoise(gaussian);
  const start = loop.start ?? 0;
  if (start > 0) scheduler.setBeginIndex(start);
  let x: Float32Array = dummySample(batch, size);
  if (loop.scaleStart) x = x.map((value) => value * scheduler.initNoiseSigma);
  if (loop.addNoise) x = scheduler.addNoise(x, dummyNoise(batch, size), start);
  let calls = 0;
  const times = scheduler.timesteps;
  for (let i = start; i < times.length; i++) {
    const scaled = loop.scaleInput ? scheduler.scaleModelInput(x, i) : x;
    const output = dummyModel(scaled, times[i]!);
    const sample = loop.scaleInput === "step" ? scaled : x;
    const variance = loop.variance?.(output);
    x = scheduler.step(output, sample, noise, { batch, ...(variance && { variance }) }).prevSample;
    calls++;
  }
  return { result: x, calls, scheduler };
}

/** `Σ|x|`. */
export function sumOf(x: Float32Array): number {
  let sum = 0;
  for (const value of x) sum += Math.abs(value);
  return sum;
}
