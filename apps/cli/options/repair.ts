/**
 * How a picture came to be as it is: what `--colorize`, `--enlarge`, `--denoise` and `--mask` say of it.
 *
 * @module
 */

import type { Measurement, Picture, RestoreInput } from "@shum/pipelines";
import { usageError } from "../exit_codes.ts";
import { flagOf, type Given } from "./options.ts";

/**
 * What is to be repaired.
 *
 * @param image The picture.
 * @param mask Where it has a hole, if it has.
 * @throws {CliError} Two kinds of repair are asked for at once.
 */
export async function repairOf(
  given: Given,
  image: Picture,
  mask: Picture | undefined,
): Promise<RestoreInput> {
  const kinds = (["colorize", "enlarge", "mask"] as const).filter((key) => given[key]);
  if (kinds.length > 1) {
    const [a, b] = kinds.map((key) => `--${flagOf(key)}`);
    throw usageError(`Cannot use ${a} together with ${b}: expected one repair at a time`);
  }
  const pipelines = await import("@shum/pipelines");
  const measurement: Measurement = given.enlarge !== undefined
    ? pipelines.blockMeasurement(given.enlarge)
    : given.colorize
    ? pipelines.greyMeasurement()
    : mask
    ? pipelines.maskMeasurement(mask)
    : pipelines.wholeMeasurement();
  return { image, measurement, noise: (given.denoise ?? 0) / 255 };
}
