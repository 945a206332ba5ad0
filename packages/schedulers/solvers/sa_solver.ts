import { integrate, lagrange } from "../_quadrature.ts";
import { lambda, type NoiseLevel } from "../plan/noise_level.ts";
import type { Solver } from "../plan/plan.ts";
import { span } from "./_dpm_solver.ts";
import { distinct, same } from "./_history.ts";
import { correctThenPredict, type Update } from "./_predictor_corrector.ts";

/** Options of {@linkcode saSolver}. */
export interface SaSolverOptions {
  /** Model outputs that the predictor uses. */
  readonly predictorOrder?: number | undefined;
  /** Model outputs that the corrector uses, the newest included; 0 for none. */
  readonly correctorOrder?: number | undefined;
  /** How stochastic the step at a timestep is: 0 follows the ODE, 1 the reverse SDE. */
  readonly tau?: ((t: number) => number) | undefined;
  /** Whether x0 or eps is extrapolated. */
  readonly predictX0?: boolean | undefined;
  /** Lower the order in the last steps. */
  readonly lowerOrderFinal?: boolean | undefined;
}

/**
 * SA-Solver: stochastic Adams, predictor and corrector.
 *
 * ```text
 * x_t = (sigma_t/sigma_s)·e^(-tau²·h)·x + Σ b_j·x0[-j] + sigma_t·√(1 - e^(-2·tau²·h))·z
 * b_j = (1 + tau²)·alpha_t·∫ e^((1 + tau²)·(lambda - lambda_t))·l_j(lambda) dlambda from lambda_s
 * ```
 *
 * Xue et al. (2023), https://arxiv.org/abs/2309.05019, algorithm 1, eq. 14 (predictor) and 17
 * (corrector), with the authors' change of the coefficients of order 2. By default `tau` is 1
 * between timesteps 200 and 800 and 0 elsewhere.
 *
 * @param options The orders, and how stochastic it is where.
 * @returns The solver.
 * @throws {RangeError} if the orders are not 1 to 4 and 0 to 4.
 *
 * @example The weights of a step sum to 1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { edmSchedule, saSolver } from "@shum/schedulers";
 * const levels = [8, 4, 2, 1].map((sigma) => ({ t: sigma, alpha: 1, sigma }));
 * for (const { x } of saSolver({ tau: () => 1 })(levels, edmSchedule())) {
 *   assertAlmostEquals(Object.values(x.terms).reduce((sum, weight) => sum + weight), 1);
 * }
 * ```
 */
export function saSolver({
  predictorOrder = 2,
  correctorOrder = 2,
  tau = (t) => t >= 200 && t <= 800 ? 1 : 0,
  predictX0 = true,
  lowerOrderFinal = true,
}: SaSolverOptions = {}): Solver {
  if (!(predictorOrder >= 1 && predictorOrder <= 4 && correctorOrder >= 0 && correctorOrder <= 4)) {
    throw new RangeError(
      `Cannot make SA-Solver: predictor_order is ${predictorOrder} and corrector_order is ` +
        `${correctorOrder}; expected 1 to 4 and 0 to 4`,
    );
  }
  return (levels, _schedule, begin = 0) => {
    const left = (i: number) => lowerOrderFinal ? levels.length - 1 - i : Infinity;
    const update = (i: number, nodes: readonly NoiseLevel[], corrector: boolean) =>
      adams(levels[i]!, levels[i + 1]!, nodes, tau(levels[i]!.t), predictX0, corrector);
    return correctThenPredict(levels, begin, predictX0 ? "x0" : "eps", {
      predict(i) {
        const order = levels[i + 1]!.sigma === 0
          ? 1
          : distinct(levels, i, begin, Math.min(predictorOrder, left(i)));
        return update(i, levels.slice(i - order + 1, i + 1).reverse(), false);
      },
      correct(i) {
        if (correctorOrder === 0 || same(levels[i]!, levels[i + 1]!)) return undefined;
        const order = Math.min(correctorOrder, left(i) + 1);
        const older = order === 1 ? 0 : distinct(levels, i, begin, order - 1);
        return update(i, levels.slice(i - older + 1, i + 2).reverse(), true);
      },
    });
  };
}

/** Over `s` to `t`, with the outputs at `nodes`, newest first. */
function adams(
  s: NoiseLevel,
  t: NoiseLevel,
  nodes: readonly NoiseLevel[],
  tau: number,
  predictX0: boolean,
  corrector: boolean,
): Update {
  const [from, to] = [lambda(s), lambda(t)];
  const h = to - from;
  const interval = span(s, t);
  const w = predictX0 ? 1 + tau ** 2 : -1;
  const outer = predictX0 ? w * t.alpha : -(1 + tau ** 2) * t.sigma;
  const scale = predictX0 ? (t.sigma / s.sigma) * Math.exp(-(tau ** 2) * h) : t.alpha / s.alpha;
  const noise = predictX0
    ? t.sigma * Math.sqrt(-Math.expm1(-2 * tau ** 2 * h))
    : tau * t.sigma * Math.sqrt(Math.expm1(2 * h));
  if (t.sigma === 0) return { x: 0, outputs: [t.alpha], noise: 0, interval };
  const lambdas = nodes.map(lambda);
  const coefficients = lambdas.map((_, j) =>
    // ∫ e^{w(λ - λ_t)} l_j(λ) dλ
    integrate((l) => Math.exp(w * (l - to)) * lagrange(lambdas, j, l), from, to)
  );
  if (predictX0 && nodes.length === 2) {
    const rest = (w * h - 1 + Math.exp(-w * h)) / w ** 2;
    const delta = corrector ? h / 2 - rest / h : (h ** 2 / 2 - rest) / (lambdas[0]! - lambdas[1]!);
    coefficients[0]! += delta;
    coefficients[1]! -= delta;
  }
  return { x: scale, outputs: coefficients.map((c) => outer * c), noise, interval };
}
