/**
 * From options to a guidance.
 *
 * @module
 */
import { type Branch, classifierFree, type Guidance, none, rescale } from "@shum/guidance";
import type { NoiseLevel } from "@shum/schedulers";
import type { RunOptions } from "../pipeline.ts";

/**
 * The guidance that options ask for.
 *
 * @param options What the caller said.
 * @param scale The scale when the caller said nothing.
 * @returns `options.guidance`, or classifier-free guidance above scale 1, rescaled if asked.
 * @throws {RangeError} When scale or rescale is not usable.
 */
export function guidanceFor(options: RunOptions, scale: number): Guidance {
  if (options.guidance) return options.guidance;
  const { guidanceScale = scale, guidanceRescale: phi = 0 } = options;
  if (!Number.isFinite(guidanceScale)) {
    throw new RangeError(`Cannot guide: guidanceScale is ${guidanceScale}; expected a number`);
  }
  if (!(phi >= 0 && phi <= 1)) {
    throw new RangeError(`Cannot guide: guidanceRescale is ${phi}; expected a number from 0 to 1`);
  }
  if (guidanceScale <= 1) return none();
  const guidance = classifierFree({ scale: guidanceScale });
  return phi > 0 ? rescale(guidance, { phi }) : guidance;
}

/**
 * Every branch that a guidance will ask for in the course of a run.
 *
 * @param guidance The guidance.
 * @param levels The level of each call.
 * @param total How many calls there are.
 * @returns The branches, each once.
 */
export function branchesOf(
  guidance: Guidance,
  levels: readonly NoiseLevel[],
  total: number,
): readonly Branch[] {
  const branches = levels.map((level, index) => guidance.branches({ index, total, level }));
  return [...new Set(branches.flat())];
}
