/** Models that Align Your Steps was optimised for. */
export type AlignYourStepsModel = "sd15" | "sdxl" | "svd";

/** The ten sigmas of each model; the run then ends at 0. */
const SIGMAS: Readonly<Record<AlignYourStepsModel, readonly number[]>> = {
  sd15: [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152],
  sdxl: [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113],
  svd: [700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034],
};

/**
 * Sigmas that were optimised for one model and ten steps; for other counts, interpolated in their
 * logarithms as the authors advise.
 *
 * Sabour et al. (2024), https://arxiv.org/abs/2404.14507, section 5 and their quickstart guide.
 *
 * @param steps How many.
 * @param model The model that they are for.
 * @returns The sigmas, the largest first.
 *
 * @example Ten steps, and nineteen
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { alignYourStepsSigmas } from "@shum/schedulers";
 * assertEquals(alignYourStepsSigmas(10, "sdxl")[1]!.toFixed(3), "6.315");
 * assertEquals(alignYourStepsSigmas(19, "sd15")[2]!.toFixed(3), "6.475");
 * ```
 */
export function alignYourStepsSigmas(steps: number, model: AlignYourStepsModel): number[] {
  const logs = SIGMAS[model].map(Math.log);
  return Array.from({ length: steps }, (_, i) => {
    const position = steps === 1 ? 0 : (i * (logs.length - 1)) / (steps - 1);
    const low = Math.min(Math.floor(position), logs.length - 2);
    return Math.exp(logs[low]! + (position - low) * (logs[low + 1]! - logs[low]!));
  });
}
