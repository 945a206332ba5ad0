/**
 * What is in a picture, by the model that draws: p(y | x) from p(x | y).
 *
 * @module
 */
import { type Prediction, torchRandom } from "@shum/schedulers";
import type { OpenModel } from "./open_model.ts";

/** Settings of {@linkcode classify}. */
export interface ClassifyOptions {
  /** Pairs of a timestep and a noise that every label is tried on; 32 by default. */
  readonly draws?: number;
  /** Seed of the noises; 0 by default. */
  readonly seed?: number;
  /**
   * What an error of the predicted noise counts: `"uniform"`, the same at every timestep, as in the
   * paper; or `"bound"`, what it costs in the variational bound. Default `"uniform"`.
   */
  readonly weights?: "uniform" | "bound";
  /** p(y) of each label; by default all the same. */
  readonly prior?: readonly number[];
  /**
   * Whether labels that are far behind are given up early: after a quarter, a half and three quarters of
   * the draws, those that are more than 4 standard errors behind the best. Default `true`.
   */
  readonly eliminate?: boolean;
  /** Called after each draw. */
  readonly onDraw?: (done: number, total: number, alive: number) => void;
  /** Stops between two draws. */
  readonly signal?: AbortSignal;
}

/** What {@linkcode classify} says of one label. */
export interface LabelEvidence {
  /** Which of the model's prompts. */
  readonly index: number;
  /** p(y | x), averaged over what else the draws might have been (a bootstrap): not certain on thin ground. */
  readonly probability: number;
  /** The weighted squared error of the predicted noise, per dimension. */
  readonly loss: number;
  /** How much larger it is than the best label's, over the draws of both. */
  readonly behind: number;
  /** The standard error of that difference; draws are paired, so it is far smaller than the loss's own. */
  readonly standardError: number;
  /** Draws it was tried on before it was given up. */
  readonly draws: number;
}

/** What {@linkcode classify} found. */
export interface Classification {
  /** Every label, the likeliest first. */
  readonly labels: readonly LabelEvidence[];
  /** Evaluations of the network: one label on one draw. */
  readonly evaluations: number;
}

/**
 * Bayes, read backwards: which of its prompts makes the model predict best the noise that was added to a
 * picture. `p(y | x)` is proportional to `p(y)·exp(-E‖eps - eps(x_t, y)‖²)`, with the same (t, eps) for
 * every label, so that what the draws have in common falls out.
 *
 * Li et al. (2023), https://arxiv.org/abs/2303.16203, eq. 5 and algorithm 2. Timesteps are spread evenly.
 *
 * @param model Opened with one prompt per label.
 * @param x0 The picture as a sample of the model, from `fromPixels`.
 * @param options Draws, weights, prior.
 * @returns The labels with their probabilities and errors.
 * @throws {RangeError} For fewer than two prompts or draws, or a prior that is none.
 *
 * @example Two prompts, one of which knows the picture
 * ```ts
 * import { assertEquals, assertGreater } from "@std/assert";
 * import { classify, type OpenModel } from "@shum/pipelines";
 * import { trainedProcess } from "@shum/schedulers";
 *
 * const process = trainedProcess({ _class_name: "DDIMScheduler" });
 * const guess = (x: Float32Array, t: number, x0: number) => {
 *   const { alpha, sigma } = process.schedule.at(t);
 *   return x.map((value) => (value - alpha * x0) / sigma);
 * };
 * const model = {
 *   process,
 *   prompts: 2,
 *   predictEach: (x: Float32Array, t: number, prompts = [0, 1]) =>
 *     Promise.resolve(prompts.map((prompt) => guess(x, t, prompt))),
 * };
 * const { labels } = await classify(model as unknown as OpenModel, new Float32Array(4).fill(1));
 * assertEquals(labels[0]!.index, 1);
 * assertGreater(labels[0]!.probability, 0.99);
 * ```
 */
export async function classify(
  model: OpenModel,
  x0: Float32Array,
  options: ClassifyOptions = {},
): Promise<Classification> {
  const { draws = 32, seed = 0, weights = "uniform", eliminate = true, onDraw, signal } = options;
  const count = model.prompts;
  const prior = options.prior ?? new Array<number>(count).fill(1 / count);
  check(count, draws, prior);
  const { schedule, prediction } = model.process;
  const random = torchRandom(seed);
  const z = new Float32Array(x0.length), x = new Float32Array(x0.length);
  const losses = prior.map((): number[] => []); // per label, in the order of the draws
  let alive = prior.map((_, y) => y).filter((y) => prior[y]! > 0);
  const times = spread(draws).map((u) => Math.min(Math.floor(u * schedule.length), last(schedule)));
  const weight = weights === "bound" ? boundWeight(schedule) : () => 1;
  let evaluations = 0;
  for (const [done, t] of times.entries()) {
    signal?.throwIfAborted();
    const level = schedule.at(t), { alpha, sigma } = level;
    random.fill(z);
    const { cIn, cNoise, ...line } = prediction(level);
    for (let d = 0; d < x.length; d++) x[d] = alpha * x0[d]! + sigma * z[d]!;
    const outputs = await model.predictEach(x.map((value) => cIn * value), cNoise, alive);
    outputs.forEach((output, k) => {
      losses[alive[k]!]!.push(weight(t) * squaredError(z, x, output, line));
    });
    evaluations += alive.length;
    const quarter = Math.ceil(draws / 4);
    if (eliminate && done + 1 >= 4 && (done + 1) % quarter === 0 && done + 1 < draws) {
      const best = alive.reduce((a, b) => mean(losses[a]!) <= mean(losses[b]!) ? a : b);
      alive = alive.filter((y) => {
        const { behind, standardError } = compare(losses[y]!, losses[best]!);
        return behind <= 4 * standardError;
      });
    }
    onDraw?.(done + 1, draws, alive.length);
  }
  const best = alive.reduce((a, b) => mean(losses[a]!) <= mean(losses[b]!) ? a : b);
  const probability = posterior(losses, best, alive, prior, x0.length);
  const labels = prior.map((_, index): LabelEvidence => ({
    index,
    probability: probability[index]!,
    loss: mean(losses[index]!),
    ...compare(losses[index]!, losses[best]!),
    draws: losses[index]!.length,
  }));
  labels.sort((a, b) => b.probability - a.probability || a.behind - b.behind);
  return { labels, evaluations };
}

type Line = Pick<ReturnType<Prediction>, "eSkip" | "eOut">;

/** ‖eps - eps̑‖² per dimension. */
function squaredError(
  z: Float32Array,
  x: Float32Array,
  output: Float32Array,
  { eSkip, eOut }: Line,
): number {
  let sum = 0;
  for (let d = 0; d < x.length; d++) sum += (z[d]! - eSkip * x[d]! - eOut * output[d]!) ** 2;
  return sum / x.length;
}

/** The paired difference of two labels' losses, over the draws of both. */
function compare(
  losses: readonly number[],
  best: readonly number[],
): { behind: number; standardError: number } {
  const n = Math.min(losses.length, best.length);
  const differences = losses.slice(0, n).map((loss, i) => loss - best[i]!);
  const behind = mean(differences);
  const variance = differences.reduce((sum, value) => sum + (value - behind) ** 2, 0) / (n - 1);
  return { behind, standardError: Math.sqrt(variance / n) };
}

/** Softmax of the summed losses, averaged over resamplings of the draws. */
function posterior(
  losses: readonly (readonly number[])[],
  best: number,
  alive: readonly number[],
  prior: readonly number[],
  dimensions: number,
): readonly number[] {
  const rounds = 500, draws = losses[best]!.length;
  const total = prior.map(() => 0);
  const u = new Float32Array(2 * draws), random = torchRandom(1);
  const logs = losses.map((own, y) =>
    own.length === 0 ? -Infinity : Math.log(prior[y]!) -
      dimensions * compare(own, losses[best]!).behind
  );
  for (let round = 0; round < rounds; round++) {
    random.fill(u);
    for (const y of alive) { // Rubin's bootstrap: exponential weights
      let sum = 0, all = 0;
      for (let i = 0; i < draws; i++) {
        const w = u[2 * i]! ** 2 + u[2 * i + 1]! ** 2;
        sum += w * (losses[y]![i]! - losses[best]![i]!);
        all += w;
      }
      logs[y] = Math.log(prior[y]!) - dimensions * sum / all;
    }
    const largest = Math.max(...logs);
    const shares = logs.map((log) => Math.exp(log - largest));
    const all = shares.reduce((a, b) => a + b, 0);
    shares.forEach((share, y) => total[y]! += share / all / rounds);
  }
  return total;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Infinity : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Evenly spread in (0, 1), in an order whose beginnings are evenly spread too (van der Corput). */
function spread(count: number): number[] {
  const order = Array.from({ length: count }, (_, i) => {
    let reversed = 0;
    for (let n = i, half = 0.5; n > 0; n >>= 1, half /= 2) if (n & 1) reversed += half;
    return reversed;
  });
  const ranks = order.map((value) => order.filter((other) => other < value).length);
  return ranks.map((rank) => (rank + 0.5) / count);
}

type Schedule = OpenModel["process"]["schedule"];

/** The last timestep with data in it. */
function last({ alphasCumprod }: Schedule): number {
  return alphasCumprod.findLastIndex((value) => value > 0);
}

/** `½·T·(SNR(t-1) - SNR(t))·(sigma / alpha)²`: what an error of eps costs in the bound, in nats. */
function boundWeight({ sigmas, length }: Schedule): (t: number) => number {
  return (t) => {
    const now = sigmas[Math.max(t, 1)]!, before = sigmas[Math.max(t, 1) - 1]!;
    return length * ((now / before) ** 2 - 1) / 2;
  };
}

function check(count: number, draws: number, prior: readonly number[]): void {
  if (count < 2 || !Number.isInteger(draws) || draws < 2) {
    throw new RangeError(
      `Cannot classify: there are ${count} labels and ${draws} draws; expected at least 2 of each`,
    );
  }
  if (prior.length === count && prior.every((p) => p >= 0) && prior.some((p) => p > 0)) return;
  throw new RangeError(
    `Cannot classify: the prior is [${prior.join(", ")}]; expected ${count} numbers of 0 or more`,
  );
}
