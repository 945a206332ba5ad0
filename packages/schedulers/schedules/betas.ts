import { linspace32 } from "../_numeric.ts";

/** Names of diffusers' `beta_schedule`. */
export type BetaSchedule =
  | "linear"
  | "scaled_linear"
  | "squaredcos_cap_v2"
  | "sigmoid"
  | "laplace"
  | "exp";

const f32 = Math.fround;

/**
 * The variance that each training step adds, in single precision as torch rounds it: trained models
 * saw those values.
 *
 * - `linear`: Ho et al. (2020), https://arxiv.org/abs/2006.11239, section 4.
 * - `scaled_linear`: Rombach et al. (2022), https://arxiv.org/abs/2112.10752; linear in the root.
 * - `squaredcos_cap_v2`: Nichol & Dhariwal (2021), https://arxiv.org/abs/2102.09672, eq. 17.
 * - `sigmoid`: Xu et al. (2022), https://arxiv.org/abs/2203.02923 (GeoDiff).
 * - `laplace`: Hang et al. (2024), https://arxiv.org/abs/2407.03297, table 1, mu = 0, b = 0.5.
 * - `exp`: signal falls as `e^-12u`, the variant that diffusers names `exp`.
 *
 * `start` and `end` matter to the first two and to `sigmoid`.
 *
 * @param schedule The name of the schedule.
 * @param options The first and the last beta, and how many.
 * @returns One beta for each training timestep.
 *
 * @example DDPM's
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { betas } from "@shum/schedulers";
 * const values = betas("linear", { start: 0.0001, end: 0.02, length: 1000 });
 * assertEquals(values.length, 1000);
 * assertAlmostEquals(values[499]!, 0.01004004013, 1e-11);
 * ```
 */
export function betas(
  schedule: BetaSchedule,
  { start, end, length }: { start: number; end: number; length: number },
): Float32Array {
  switch (schedule) {
    case "linear":
      return linspace32(start, end, length);
    case "scaled_linear":
      return linspace32(Math.sqrt(start), Math.sqrt(end), length).map((root) => root * root);
    case "sigmoid": {
      const range = f32(end - start);
      return linspace32(-6, 6, length).map((x) =>
        f32(f32(1 / (1 + Math.exp(-x))) * range) + f32(start)
      );
    }
    case "squaredcos_cap_v2":
      return fromSignal(length, (u) => Math.cos(((u + 0.008) / 1.008) * (Math.PI / 2)) ** 2);
    case "laplace":
      return fromSignal(length, (u) => {
        const sign = u > 0.5 ? -1 : 1;
        const lambda = -0.5 * sign * Math.log(1 - 2 * Math.abs(0.5 - u) + 1e-6);
        const ratio = Math.exp(lambda);
        return Math.sqrt(ratio / (1 + ratio));
      });
    case "exp":
      return fromSignal(length, (u) => Math.exp(-12 * u));
  }
}

/** Betas whose cumulative signal follows `signal(u)`, `u` from 0 to 1, capped at 0.999. */
function fromSignal(length: number, signal: (u: number) => number): Float32Array {
  return Float32Array.from(
    { length },
    (_, i) => Math.min(1 - signal((i + 1) / length) / signal(i / length), 0.999),
  );
}

/**
 * The cumulative product of `1 - beta`, rounded to single precision entry by entry as torch does.
 *
 * @param betas The betas.
 * @returns `alpha²` at each timestep.
 *
 * @example Two halves
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { alphasCumprod } from "@shum/schedulers";
 * assertEquals([...alphasCumprod(Float32Array.of(0.5, 0.5))], [0.5, 0.25]);
 * ```
 */
export function alphasCumprod(betas: Float32Array): Float32Array {
  let product = 1;
  return betas.map((beta) => product *= f32(1 - beta));
}

/**
 * Betas rescaled so that the last timestep is pure noise.
 *
 * Lin et al. (2023), https://arxiv.org/abs/2305.08891, algorithm 1.
 *
 * @param betas The betas.
 * @returns Other betas, whose product of `1 - beta` ends at 0.
 *
 * @example Pure noise at the end
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { alphasCumprod, betas, rescaleZeroTerminalSnr } from "@shum/schedulers";
 * const linear = betas("linear", { start: 0.0001, end: 0.02, length: 1000 });
 * assertEquals(alphasCumprod(rescaleZeroTerminalSnr(linear))[999], 0);
 * ```
 */
export function rescaleZeroTerminalSnr(betas: Float32Array): Float32Array {
  const roots = alphasCumprod(betas).map(Math.sqrt);
  const first = roots[0]!;
  const last = roots[roots.length - 1]!;
  const scale = f32(first / f32(first - last));
  const bars = roots.map((root) => f32(f32(root - last) * scale)).map((root) => root * root);
  return bars.map((bar, i) => 1 - f32(i === 0 ? bar : bar / bars[i - 1]!));
}
