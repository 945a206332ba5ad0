import type { Guidance } from "@shum/guidance";
import { usageError } from "../exit_codes.ts";
import type { Given } from "./options.ts";

/** The guidance options of a run, as `RunOptions` has them. */
export interface GuidanceOptions {
  readonly guidance?: Guidance;
  readonly guidanceScale?: number;
  readonly guidanceRescale?: number;
}

/** lambda of CFG++ when none is given; resembles an ordinary scale of 7.5. */
const CFG_PLUS_PLUS_SCALE = 0.6;

/** The scale that is used, for the record. */
export function guidanceScaleOf(given: Given, standard: number): number {
  if (given.cfgScale !== undefined) return given.cfgScale;
  if (given.guidance === "none") return 1;
  return given.guidance === "cfg++" ? CFG_PLUS_PLUS_SCALE : standard;
}

/**
 * The guidance that the options ask for; plain classifier-free guidance is left to the pipeline, which
 * knows models that are told the scale themselves.
 *
 * @param standard The model's own scale.
 */
export async function chosenGuidance(given: Given, standard: number): Promise<GuidanceOptions> {
  const { guidance: method = "cfg", guidanceRescale, guidanceStart = 0, guidanceStop = 1 } = given;
  const scale = guidanceScaleOf(given, standard);
  const whole = guidanceStart === 0 && guidanceStop === 1;
  if (given.also !== undefined && (method !== "cfg" || !whole || guidanceRescale !== undefined)) {
    throw usageError(
      "Cannot use --also with another --guidance, --guidance-rescale or an interval: " +
        "composed prompts are a guidance of their own",
    );
  }
  if (method === "cfg" && whole) {
    return {
      ...(given.cfgScale === undefined ? {} : { guidanceScale: given.cfgScale }),
      ...(guidanceRescale === undefined ? {} : { guidanceRescale }),
    };
  }
  const g = await import("@shum/guidance");
  let guidance: Guidance;
  if (method === "none" || (scale <= 1 && method === "cfg")) guidance = g.none();
  else if (method === "cfg") guidance = g.classifierFree({ scale });
  else if (method === "apg") guidance = g.adaptiveProjected({ scale });
  else if (method === "cfg-zero-star") guidance = g.cfgZeroStar({ scale });
  else {
    if (scale > 1) {
      throw usageError(
        `Cannot guide by CFG++: --cfg-scale is ${scale}; expected 0 to 1 (0.6 resembles 7.5)`,
      );
    }
    guidance = g.cfgPlusPlus({ scale });
  }
  if (guidanceRescale) guidance = g.rescale(guidance, { phi: guidanceRescale });
  if (!whole) guidance = g.limitedInterval(guidance, [guidanceStart, guidanceStop]);
  return { guidance };
}
