import { decay, lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver, Step } from "../plan/plan.ts";
import { distinct } from "./_history.ts";
import { correctThenPredict, type Update } from "./_predictor_corrector.ts";

/** Options of {@linkcode unipc}, named as in diffusers. */
export interface UniPcOptions {
  /** Of the predictor; the corrector adds one. */
  readonly order?: number | undefined;
  /** Which function B(h) is used. */
  readonly solverType?: "bh1" | "bh2" | undefined;
  /** Whether x0 or eps is extrapolated. */
  readonly predictX0?: boolean | undefined;
  /** Lower the order in the last steps. */
  readonly lowerOrderFinal?: boolean | undefined;
  /** Steps after which the sample is not corrected. */
  readonly disableCorrector?: readonly number[] | undefined;
}

/**
 * UniPC: a predictor, and a corrector that costs no model call, for it uses the next one.
 *
 * ```text
 * predictor  x_t = (sigma_t/sigma_s)·x + alpha_t·(1 - e^-h)·x0 + alpha_t·B(h)·Σ rho_j·D_j
 *            D_j = (x0[-j] - x0) / r_j, r_j = (lambda_s[-j] - lambda_s) / h
 * corrector  the same over the last interval, with one more difference: x0_t - x0, r = 1
 * B(h) = 1 - e^-h for bh2, h for bh1; rho solves R(r)·rho = b(h)
 * ```
 *
 * Zhao et al. (2023), https://arxiv.org/abs/2302.04867, algorithms 1 and 2 (and 5 to 8 for x0),
 * with the coefficients of theorem 3.1.
 *
 * @param options The order, the function B(h), and where the order falls.
 * @returns The solver.
 * @throws {RangeError} if the order is not 1 to 6.
 *
 * @example The weights of a step sum to 1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { edmSchedule, unipc } from "@shum/schedulers";
 * const levels = [8, 4, 2, 1, 0].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * for (const { x } of unipc()(levels, edmSchedule())) {
 *   // data that never moves is kept: the weights of x and of every x0 sum to 1
 *   assertAlmostEquals(Object.values(x.terms).reduce((sum, weight) => sum + weight), 1);
 * }
 * ```
 */
export function unipc({
  order = 2,
  solverType = "bh2",
  predictX0 = true,
  lowerOrderFinal = true,
  disableCorrector = [],
}: UniPcOptions = {}): Solver {
  if (!(Number.isInteger(order) && order >= 1 && order <= 6)) {
    throw new RangeError(`Cannot make UniPC: solver_order is ${order}; expected 1 to 6`);
  }
  return (levels, _schedule, begin = 0): readonly Step[] => {
    const used = (i: number) => {
      const most = lowerOrderFinal ? Math.min(order, levels.length - 1 - i) : order;
      return distinct(levels, i, begin, most);
    };
    const update = (i: number, corrector: boolean) =>
      unified(levels, i, used(i), { solverType, predictX0, corrector });
    return correctThenPredict(levels, begin, predictX0 ? "x0" : "eps", {
      predict: (i) => update(i, false),
      correct: (i) => disableCorrector.includes(i) ? undefined : update(i, true),
    });
  };
}

/**
 * One update over `levels[i]` to `levels[i + 1]`, of order p; the corrector knows what comes after.
 */
function unified(
  levels: readonly NoiseLevel[],
  i: number,
  p: number,
  { solverType, predictX0, corrector }: {
    solverType: "bh1" | "bh2";
    predictX0: boolean;
    corrector: boolean;
  },
): Update {
  const [s, t] = [levels[i]!, levels[i + 1]!];
  const h = lambda(t) - lambda(s);
  const hh = predictX0 ? -h : h;
  const scale = predictX0 ? t.sigma / s.sigma : t.alpha / s.alpha;
  // -α_t φ1 (or -σ_t φ1), and the same with B for φ1
  const phi = predictX0 ? t.alpha * (1 - decay(s, t)) : t.sigma - s.sigma * scale;
  const outer = predictX0 ? t.alpha : t.sigma;
  const big = solverType === "bh2" ? phi : -outer * hh;

  const r = Array.from({ length: p - 1 }, (_, j) => (lambda(levels[i - j - 1]!) - lambda(s)) / h);
  const count = corrector ? p : p - 1;
  const rho = weights([...r, 1], count, hh, solverType);
  const outputs = [phi, ...r.map(() => 0)];
  r.forEach((rj, j) => { // Σ ρ_j D_j with D_j = (m_j - m_0) / r_j
    const weight = (big * (rho[j] ?? 0)) / rj;
    outputs[j + 1] = weight;
    outputs[0]! -= weight;
  });
  if (!corrector) return { x: scale, outputs };
  const next = big * rho[p - 1]!;
  outputs[0]! -= next;
  return { x: scale, outputs: [next, ...outputs] };
}

/** Solves R ρ = b for the leading `count` rows: R_kj = r_j^(k-1), b_k = k! g_k / B. */
function weights(r: readonly number[], count: number, hh: number, type: "bh1" | "bh2"): number[] {
  if (count === 0) return [];
  if (count === 1) return [0.5]; // exact enough for every order, and what the authors use
  const B = type === "bh1" ? hh : Math.expm1(hh);
  const b: number[] = [];
  let g = Math.expm1(hh) / hh - 1;
  let factorial = 1;
  for (let k = 1; k <= count; k++) {
    factorial *= k;
    b.push((g * factorial) / B);
    g = g / hh - 1 / (factorial * (k + 1));
  }
  return solve(b.map((_, k) => r.slice(0, count).map((rj) => rj ** k)), b);
}

/** Gauss' elimination with row exchange. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let i = c + 1; i < n; i++) {
      if (Math.abs(rows[i]![c]!) > Math.abs(rows[pivot]![c]!)) pivot = i;
    }
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    for (let i = 0; i < n; i++) {
      if (i === c) continue;
      const factor = rows[i]![c]! / rows[c]![c]!;
      for (let j = c; j <= n; j++) rows[i]![j]! -= factor * rows[c]![j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}
