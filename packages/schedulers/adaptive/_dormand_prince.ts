// Adaptive Dormand-Prince 5(4): Dormand & Prince (1980), https://doi.org/10.1016/0771-050X(80)90013-3,
// with the step control of Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, II.4.

/** dy/dt: writes the derivative at (t, y) into `out`, asking for what it needs by yielding. */
export type Derivative<Q, A> = (
  t: number,
  y: Float64Array,
  out: Float64Array,
) => Generator<Q, void, A>;

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
  readonly maxSteps: number;
}

const ORDER = 5;
const STAGES = 7;
const C = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
// The last row is the solution of order 5, so its derivative is the first of the next step.
const A: readonly (readonly number[])[] = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
/** Order 5 minus order 4. */
const ERROR = [
  -71 / 57600,
  0,
  71 / 16695,
  -71 / 1920,
  17253 / 339200,
  -22 / 525,
  1 / 40,
];

/**
 * Integrates `y` in place from `from` to `to`, in either direction, and returns the number of calls of the
 * derivative.
 *
 * @throws {RangeError} if the derivative is not finite or the tolerance cannot be met in `maxSteps`.
 */
export function* dormandPrince<Q, R>(
  y: Float64Array,
  from: number,
  to: number,
  derivative: Derivative<Q, R>,
  { rtol, atol, maxSteps }: Tolerance,
): Generator<Q, number, R> {
  const n = y.length, direction = Math.sign(to - from), span = Math.abs(to - from);
  const k = Array.from({ length: STAGES }, () => new Float64Array(n));
  const trial = new Float64Array(n), scale = new Float64Array(n);
  let t = from, calls = 0;
  if (span === 0) return calls;

  function* call(time: number, state: Float64Array, out: Float64Array): Generator<Q, void, R> {
    calls++;
    yield* derivative(time, state, out);
  }

  yield* call(t, y, k[0]!);
  for (let i = 0; i < n; i++) scale[i] = atol + rtol * Math.abs(y[i]!);
  let h = yield* firstStep();
  let rejected = false;
  for (let step = 0; Math.abs(to - t) > 1e-14 * span; step++) {
    if (!(step < maxSteps) || !(h > 1e-14 * span)) {
      throw new RangeError(
        `Cannot integrate: the step at time ${t} is ${h} after ${step} steps; expected the tolerance ` +
          `(rtol ${rtol}, atol ${atol}) to be met within ${maxSteps}. Is the model's output finite?`,
      );
    }
    h = Math.min(h, Math.abs(to - t));
    for (let stage = 1; stage < STAGES; stage++) {
      combine(trial, y, k, A[stage]!, direction * h);
      yield* call(t + direction * h * C[stage]!, trial, k[stage]!);
    }
    const error = relativeError(h);
    const factor = 0.9 * error ** (-1 / ORDER);
    if (error < 1) {
      t = Math.abs(to - t) <= h ? to : t + direction * h;
      y.set(trial);
      [k[0], k[STAGES - 1]] = [k[STAGES - 1]!, k[0]!]; // first same as last
      h *= Math.min(rejected ? 1 : 10, Math.max(0.2, factor));
      rejected = false;
    } else {
      h *= Math.max(0.2, Number.isNaN(factor) ? 0 : factor);
      rejected = true;
    }
  }
  return calls;

  /** Algorithm II.4 of the book: a step whose Euler move is small beside the second derivative. */
  function* firstStep(): Generator<Q, number, R> {
    const d0 = rms(y, scale), d1 = rms(k[0]!, scale);
    const h0 = Math.min(d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1, span);
    combine(trial, y, k, [1], direction * h0);
    yield* call(t + direction * h0, trial, k[1]!);
    for (let i = 0; i < n; i++) trial[i] = k[1]![i]! - k[0]![i]!;
    const d2 = rms(trial, scale) / h0;
    const largest = Math.max(d1, d2);
    const h1 = largest <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : (0.01 / largest) ** (1 / ORDER);
    return Math.min(100 * h0, h1, span);
  }

  function relativeError(h: number): number {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let e = 0;
      for (let stage = 0; stage < STAGES; stage++) e += ERROR[stage]! * k[stage]![i]!;
      const size = atol + rtol * Math.max(Math.abs(y[i]!), Math.abs(trial[i]!));
      sum += (h * e / size) ** 2;
    }
    return Math.sqrt(sum / n);
  }
}

/** `out <- y + h·Σ weights[j]·k[j]`. */
function combine(
  out: Float64Array,
  y: Float64Array,
  k: readonly Float64Array[],
  weights: readonly number[],
  h: number,
): void {
  out.set(y);
  for (let j = 0; j < weights.length; j++) {
    const weight = h * weights[j]!, slope = k[j]!;
    if (weight !== 0) { for (let i = 0; i < out.length; i++) out[i]! += weight * slope[i]!; }
  }
}

function rms(vector: Float64Array, scale: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i]! / scale[i]!) ** 2;
  return Math.sqrt(sum / vector.length);
}
