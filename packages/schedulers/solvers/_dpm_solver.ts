import { decay, lambda, type NoiseLevel } from "../plan/noise_level.ts";

/** Names of diffusers' `algorithm_type`. */
export type DpmAlgorithm = "dpmsolver" | "dpmsolver++" | "sde-dpmsolver" | "sde-dpmsolver++";
/** Names of diffusers' `solver_type` for DPM-Solver. */
export type DpmSolverType = "midpoint" | "heun";

/**
 * The weights of one step from `s` to `t`; D0, D1, D2 are divided differences of the model in
 * lambda.
 */
export interface DpmCoefficients {
  readonly x: number;
  /** Of D0, the newest output. */
  readonly first: number;
  /** Of D1. */
  readonly second: number;
  /** Of D2. */
  readonly third: number;
  readonly noise: number | undefined;
}

/**
 * Lu et al. (2022), https://arxiv.org/abs/2211.01095, eq. 9 and appendix B; for `dpmsolver`,
 * https://arxiv.org/abs/2206.00927, eq. 3.4 and appendix B. `eta` scales the noise of
 * `sde-dpmsolver++`, as in k-diffusion: 1 is the reverse SDE, 0 the ODE.
 */
export function coefficients(
  algorithm: DpmAlgorithm,
  solverType: DpmSolverType,
  s: NoiseLevel,
  t: NoiseLevel,
  order: number,
  eta = 1,
): DpmCoefficients {
  const h = lambda(t) - lambda(s);
  const A = decay(s, t); // e^-h
  const midpoint = order === 2 && solverType === "midpoint";
  switch (algorithm) {
    case "dpmsolver++": {
      const phi = t.alpha * (1 - A);
      return {
        x: t.sigma / s.sigma,
        first: phi,
        second: midpoint ? phi / 2 : t.alpha * ((A - 1) / h + 1),
        third: -t.alpha * ((A - 1 + h) / h ** 2 - 0.5),
        noise: undefined,
      };
    }
    case "dpmsolver": {
      const scale = t.alpha / s.alpha;
      const phi = t.sigma - scale * s.sigma; // -σ_t(e^h - 1)
      return {
        x: scale,
        first: phi,
        second: midpoint ? phi / 2 : phi / h + t.sigma,
        third: (phi + t.sigma * h) / h ** 2 + t.sigma / 2,
        noise: undefined,
      };
    }
    case "sde-dpmsolver++": {
      const k = (1 + eta) * h;
      const Q = A ** (1 + eta); // e^-k
      const phi = t.alpha * (1 - Q);
      return {
        x: (t.sigma / s.sigma) * A ** eta,
        first: phi,
        second: midpoint ? phi / 2 : t.alpha * ((Q - 1) / k + 1),
        third: t.alpha * ((1 - Q - k) / k ** 2 - 0.5),
        noise: t.sigma * Math.sqrt(1 - A ** (2 * eta)),
      };
    }
    case "sde-dpmsolver": {
      const scale = t.alpha / s.alpha;
      const phi = t.sigma - scale * s.sigma;
      return {
        x: scale,
        first: 2 * phi,
        second: midpoint ? phi : 2 * (phi / h + t.sigma),
        third: NaN,
        noise: Math.sqrt((scale * s.sigma) ** 2 - t.sigma ** 2),
      };
    }
  }
}

/** The lambdas of an interval, for Brownian noise. */
export function span(s: NoiseLevel, t: NoiseLevel): readonly [from: number, to: number] {
  return [lambda(s), lambda(t)];
}
