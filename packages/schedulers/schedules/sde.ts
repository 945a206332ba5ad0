import type { NoiseLevel } from "../plan/noise_level.ts";
import type { NoiseSchedule } from "../plan/noise_schedule.ts";

/**
 * A forward process in continuous time, `dx = drift(t)·x dt + diffusion(t) dw` for t from 0 to 1, with
 * the marginals that {@linkcode NoiseSchedule.at} gives.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 5. A level's `t` is
 * this time; networks that are told something else (999·t, or sigma) say so in their prediction.
 *
 * @example The drift of VE is 0
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Sde, veSde } from "@shum/schedulers";
 * const sde: Sde = veSde({ sigmaMin: 0.01, sigmaMax: 50 });
 * assertEquals(sde.drift(0.5), 0);
 * ```
 */
export interface Sde extends NoiseSchedule {
  /** `f(t)` of the linear drift `f(t)·x`. */
  drift(t: number): number;
  /** `g(t)`, the scale of the Brownian motion. */
  diffusion(t: number): number;
  /** The standard deviation of the Gaussian that a reverse run starts from. */
  readonly prior: number;
}

/** The noise rate of a variance-preserving process: it grows linearly from `betaMin` to `betaMax`. */
export interface BetaRange {
  /** The rate at t = 0; 0.1 by default. */
  readonly betaMin?: number | undefined;
  /** The rate at t = 1; 20 by default. */
  readonly betaMax?: number | undefined;
}

/**
 * The variance-preserving SDE, the limit of DDPM's chain: `alpha² + sigma² = 1`.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 11 and 29.
 *
 * @param options The noise rates.
 * @returns The process.
 * @throws {RangeError} if not `0 <= betaMin <= betaMax` and `betaMax > 0`.
 *
 * @example Squares that sum to 1
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { vpSde } from "@shum/schedulers";
 * const { alpha, sigma } = vpSde().at(0.5);
 * assertAlmostEquals(alpha ** 2 + sigma ** 2, 1);
 * ```
 */
export function vpSde(options: BetaRange = {}): Sde {
  const process = betaProcess(options);
  return {
    ...process,
    at: (t) => {
      const m = process.logAlpha(t);
      return { t, alpha: Math.exp(m), sigma: Math.sqrt(-Math.expm1(2 * m)) };
    },
    // alpha² = 1 / (1 + e^(-2 lambda))
    atLambda: (lambda) => process.level(-Math.log1p(Math.exp(-2 * lambda)) / 2, Math.sqrt),
    diffusion: (t) => Math.sqrt(process.beta(t)),
  };
}

/**
 * The sub-variance-preserving SDE, whose variance stays below the VP one's: `sigma = 1 - alpha²`.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 12.
 *
 * @param options The noise rates.
 * @returns The process.
 * @throws {RangeError} if not `0 <= betaMin <= betaMax` and `betaMax > 0`.
 *
 * @example `sigma = 1 - alpha²`
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { subVpSde } from "@shum/schedulers";
 * const { alpha, sigma } = subVpSde().at(0.5);
 * assertAlmostEquals(alpha ** 2 + sigma, 1);
 * ```
 */
export function subVpSde(options: BetaRange = {}): Sde {
  const process = betaProcess(options);
  return {
    ...process,
    at: (t) => {
      const m = process.logAlpha(t);
      return { t, alpha: Math.exp(m), sigma: -Math.expm1(2 * m) };
    },
    // e^lambda = alpha / (1 - alpha²), solved for alpha
    atLambda: (lambda) => {
      const e = Math.exp(-lambda);
      return process.level(Math.log(2 / (e + Math.sqrt(e * e + 4))), (variance) => variance);
    },
    // eq. 12, with 1 - exp(-2 ∫ beta) = 1 - alpha⁴
    diffusion: (t) => Math.sqrt(-process.beta(t) * Math.expm1(4 * process.logAlpha(t))),
  };
}

/**
 * The variance-exploding SDE: `alpha = 1` and a geometric sigma from `sigmaMin` to `sigmaMax`.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 9 and 29.
 *
 * @param options The smallest and the largest sigma.
 * @returns The process.
 * @throws {RangeError} if not `0 < sigmaMin < sigmaMax`.
 *
 * @example The geometric middle
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { veSde } from "@shum/schedulers";
 * assertAlmostEquals(veSde({ sigmaMin: 0.01, sigmaMax: 100 }).at(0.5).sigma, 1);
 * ```
 */
export function veSde(
  { sigmaMin = 0.01, sigmaMax = 50 }: {
    sigmaMin?: number | undefined;
    sigmaMax?: number | undefined;
  } = {},
): Sde {
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin && Number.isFinite(sigmaMax))) {
    throw new RangeError(
      `Cannot make a VE process: sigmaMin is ${sigmaMin} and sigmaMax is ${sigmaMax}; expected ` +
        `0 < sigmaMin < sigmaMax`,
    );
  }
  const rate = Math.log(sigmaMax / sigmaMin);
  const sigma = (t: number): number => sigmaMin * Math.exp(rate * t);
  return {
    length: 1,
    prior: sigmaMax,
    at: (t) => ({ t, alpha: 1, sigma: sigma(t) }),
    atLambda: (lambda) => {
      const sigma = Math.exp(-lambda);
      return { t: Math.log(sigma / sigmaMin) / rate, alpha: 1, sigma };
    },
    drift: () => 0,
    diffusion: (t) => sigma(t) * Math.sqrt(2 * rate),
  };
}

/** What VP and sub-VP share: `log alpha = -∫ beta / 2`. */
function betaProcess({ betaMin = 0.1, betaMax = 20 }: BetaRange) {
  if (!(betaMin >= 0 && betaMax >= betaMin && betaMax > 0 && Number.isFinite(betaMax))) {
    throw new RangeError(
      `Cannot make a VP process: betaMin is ${betaMin} and betaMax is ${betaMax}; expected ` +
        `0 <= betaMin <= betaMax and betaMax > 0`,
    );
  }
  const slope = betaMax - betaMin;
  const beta = (t: number): number => betaMin + slope * t;
  const logAlpha = (t: number): number => -t * (betaMin / 2 + slope * t / 4);
  return {
    length: 1,
    prior: 1,
    beta,
    logAlpha,
    drift: (t: number): number => -beta(t) / 2,
    /** The level with this log alpha. */
    level: (m: number, sigma: (variance: number) => number): NoiseLevel => {
      // slope t² / 4 + betaMin t / 2 + m = 0, in the form that needs no slope > 0
      const t = -4 * m / (betaMin + Math.sqrt(betaMin * betaMin - 4 * slope * m));
      return { t, alpha: Math.exp(m), sigma: sigma(-Math.expm1(2 * m)) };
    },
  };
}
