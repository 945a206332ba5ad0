import { linspace, roundHalfEven } from "../_numeric.ts";

/** Names of diffusers' `timestep_spacing`. */
export type TimestepSpacing = "leading" | "linspace" | "trailing";

/** What {@linkcode timesteps} may be told beside the count. */
export interface TimestepOptions {
  /** How the steps are spaced. */
  readonly spacing: TimestepSpacing;
  /** Training timesteps. */
  readonly length: number;
  /** Added to `leading` timesteps. */
  readonly offset?: number | undefined;
  /** Whether `linspace` timesteps are rounded; true by default. */
  readonly whole?: boolean | undefined;
  /**
   * Whether `linspace` and `leading` space one more step than asked and drop the last, as the
   * multistep family does; its runs then end above timestep 0.
   */
  readonly dropLast?: boolean | undefined;
}

/**
 * The timesteps that a run of `steps` visits, descending.
 *
 * Lin et al. (2023), https://arxiv.org/abs/2305.08891, table 2. Always exactly `steps` of them:
 * where floating point makes diffusers append a timestep -1 to `trailing`, it is left out.
 *
 * @param steps How many.
 * @param options How they are spaced, and over how many training timesteps.
 * @returns The timesteps.
 *
 * @example The three spacings
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { timesteps } from "@shum/schedulers";
 * assertEquals(timesteps(5, { spacing: "leading", length: 1000, offset: 1 }), [
 *   801, 601, 401, 201, 1,
 * ]);
 * assertEquals(timesteps(5, { spacing: "trailing", length: 1000 }), [999, 799, 599, 399, 199]);
 * assertEquals(timesteps(3, { spacing: "linspace", length: 1000 }), [999, 500, 0]);
 * ```
 */
export function timesteps(
  steps: number,
  { spacing, length, offset = 0, whole = true, dropLast = false }: TimestepOptions,
): number[] {
  const count = dropLast ? steps + 1 : steps;
  switch (spacing) {
    case "linspace": {
      const spaced = linspace(0, length - 1, count).reverse().slice(0, steps);
      return whole ? spaced.map(roundHalfEven) : spaced.map(Math.fround);
    }
    case "leading": {
      const ratio = Math.floor(length / count);
      return Array.from({ length: steps }, (_, i) => (count - 1 - i) * ratio + offset);
    }
    case "trailing":
      return Array.from(
        { length: steps },
        (_, i) => roundHalfEven(length - i * (length / steps)) - 1,
      );
  }
}
