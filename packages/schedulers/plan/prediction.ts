import type { NoiseLevel } from "./noise_level.ts";

/**
 * How a network `F` is used at one level: `x0 = cSkip·x + cOut·F(cIn·x, cNoise)`, and what the same
 * call says about the noise, `eps = eSkip·x + eOut·F`.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, eq. 7 and table 1. The second pair
 * follows from the first, `eps = (x - alpha·x0) / sigma`, but stays exact where `sigma` or `alpha`
 * is 0.
 */
export interface Preconditioning {
  /** Weight of the sample in `x0`. */
  readonly cSkip: number;
  /** Weight of the network's output in `x0`. */
  readonly cOut: number;
  /** Weight of the sample in the network's input. */
  readonly cIn: number;
  /** What the network is told about the level. */
  readonly cNoise: number;
  /** Weight of the sample in `eps`. */
  readonly eSkip: number;
  /** Weight of the network's output in `eps`. */
  readonly eOut: number;
}

/** What a network was trained to predict. Holds in VP, VE and flow scaling alike. */
export type Prediction = (level: NoiseLevel) => Preconditioning;

/**
 * The network predicts the noise. Needs `alpha > 0`.
 *
 * Ho et al. (2020), https://arxiv.org/abs/2006.11239, eq. 11.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example Weights at alpha 1/2
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { epsilon } from "@shum/schedulers";
 * const { cSkip, cOut } = epsilon({ t: 0, alpha: 0.5, sigma: 1 });
 * assertEquals([cSkip, cOut], [2, -2]);
 * ```
 */
export function epsilon({ t, alpha, sigma }: NoiseLevel): Preconditioning {
  return {
    cSkip: 1 / alpha,
    cOut: -sigma / alpha,
    cIn: 1 / Math.hypot(alpha, sigma),
    cNoise: t,
    eSkip: 0,
    eOut: 1,
  };
}

/**
 * The network predicts the noise with its sign changed, the score times sigma, as the networks do
 * that were made for diffusers' `KarrasVeScheduler`.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example The sign of the output is turned
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { negativeEpsilon } from "@shum/schedulers";
 * const { cSkip, cOut } = negativeEpsilon({ t: 0, alpha: 1, sigma: 3 });
 * assertEquals([cSkip, cOut], [1, 3]);
 * ```
 */
export function negativeEpsilon(level: NoiseLevel): Preconditioning {
  const { cOut, eOut, ...rest } = epsilon(level);
  return { ...rest, cIn: 1, cOut: -cOut, eOut: -eOut };
}

/**
 * The network predicts the clean sample.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example The output is x0
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sample } from "@shum/schedulers";
 * const { cSkip, cOut } = sample({ t: 0, alpha: 0.5, sigma: 1 });
 * assertEquals([cSkip, cOut], [0, 1]);
 * ```
 */
export function sample({ t, alpha, sigma }: NoiseLevel): Preconditioning {
  return {
    cSkip: 0,
    cOut: 1,
    cIn: 1 / Math.hypot(alpha, sigma),
    cNoise: t,
    eSkip: 1 / sigma,
    eOut: -alpha / sigma,
  };
}

/**
 * The network predicts the velocity `v = alpha·eps - sigma·x0` (of the VP scaling).
 *
 * Salimans & Ho (2022), https://arxiv.org/abs/2202.00512, appendix D.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example Weights on the unit circle
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { vPrediction } from "@shum/schedulers";
 * const { cSkip, cOut } = vPrediction({ t: 0, alpha: 0.6, sigma: 0.8 });
 * assertEquals([cSkip, cOut], [0.6, -0.8]);
 * ```
 */
export function vPrediction({ t, alpha, sigma }: NoiseLevel): Preconditioning {
  const n = Math.hypot(alpha, sigma);
  const n2 = alpha * alpha + sigma * sigma;
  return {
    cSkip: alpha / n2,
    cOut: -sigma / n,
    cIn: 1 / n,
    cNoise: t,
    eSkip: sigma / n2,
    eOut: alpha / n,
  };
}

/**
 * The network predicts the flow `u = eps - x0`.
 *
 * Liu et al. (2023), https://arxiv.org/abs/2209.03003; Esser et al. (2024),
 * https://arxiv.org/abs/2403.03206, eq. 13.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example Weights on a straight line
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flowPrediction } from "@shum/schedulers";
 * const { cSkip, cOut } = flowPrediction({ t: 0, alpha: 0.25, sigma: 0.75 });
 * assertEquals([cSkip, cOut], [1, -0.75]);
 * ```
 */
export function flowPrediction({ t, alpha, sigma }: NoiseLevel): Preconditioning {
  const n = alpha + sigma;
  return { cSkip: 1 / n, cOut: -sigma / n, cIn: 1 / n, cNoise: t, eSkip: 1 / n, eOut: alpha / n };
}

/**
 * The network predicts the score, the gradient of `log p(x)`, and is given `x` unscaled.
 *
 * Song et al. (2021), https://arxiv.org/abs/2011.13456, eq. 7.
 *
 * @param level The noise level of the call.
 * @returns How the network is used there.
 *
 * @example Weights of the score
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { score } from "@shum/schedulers";
 * const { cOut, eOut } = score({ t: 0, alpha: 1, sigma: 2 });
 * assertEquals([cOut, eOut], [4, -2]);
 * ```
 */
export function score({ t, alpha, sigma }: NoiseLevel): Preconditioning {
  return {
    cSkip: 1 / alpha,
    cOut: (sigma * sigma) / alpha,
    cIn: 1,
    cNoise: t,
    eSkip: 0,
    eOut: -sigma,
  };
}

/**
 * Karras et al.'s mixture of x0 and noise prediction.
 *
 * Karras et al. (2022), https://arxiv.org/abs/2206.00364, table 1. `sign` is -1 for the networks
 * that diffusers calls EDM with v-prediction.
 *
 * @param options The deviation of the data, and the sign of the output.
 * @returns The prediction.
 *
 * @example Half of the sample where noise and data are equal
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { edm } from "@shum/schedulers";
 * assertEquals(edm({ sigmaData: 0.5 })({ t: 0, alpha: 1, sigma: 0.5 }).cSkip, 0.5);
 * ```
 */
export function edm(
  { sigmaData = 0.5, sign = 1 }: { sigmaData?: number | undefined; sign?: 1 | -1 | undefined } = {},
): Prediction {
  return ({ t, alpha, sigma }) => {
    const karras = sigma / alpha;
    const m2 = karras * karras + sigmaData * sigmaData;
    const m = Math.sqrt(m2);
    return {
      cSkip: (sigmaData * sigmaData) / (m2 * alpha),
      cOut: (sign * karras * sigmaData) / m,
      cIn: 1 / (m * alpha),
      cNoise: t,
      eSkip: karras / (m2 * alpha),
      eOut: (-sign * sigmaData) / m,
    };
  };
}

/**
 * A consistency model: as {@linkcode edm}, but exact at `sigmaMin`, where it returns its input.
 *
 * Song et al. (2023), https://arxiv.org/abs/2303.01469, appendix C.
 *
 * @param options The deviation of the data, and the sigma at which the input is returned.
 * @returns The prediction.
 *
 * @example The input is returned at `sigmaMin`
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { consistency } from "@shum/schedulers";
 * assertEquals(consistency({ sigmaMin: 0.002 })({ t: 0, alpha: 1, sigma: 0.002 }).cSkip, 1);
 * ```
 */
export function consistency(
  { sigmaData = 0.5, sigmaMin = 0.002 }: {
    sigmaData?: number | undefined;
    sigmaMin?: number | undefined;
  } = {},
): Prediction {
  return ({ t, sigma }) => {
    const m = Math.hypot(sigma, sigmaData);
    const above = sigma - sigmaMin;
    const cSkip = sigmaData ** 2 / (above ** 2 + sigmaData ** 2);
    const cOut = (above * sigmaData) / m;
    return { cSkip, cOut, cIn: 1 / m, cNoise: t, eSkip: (1 - cSkip) / sigma, eOut: -cOut / sigma };
  };
}
