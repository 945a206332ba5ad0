/**
 * The drawings of the core objects, with what the analysis found in them.
 *
 * @module
 */
import type { ColorId } from "./color.ts";
import type { Eye } from "./eyes.ts";
import type { StyleId } from "./icon_sets.ts";

/** One icon that draws a core object. */
export interface Drawing {
  readonly object: string;
  readonly style: StyleId;
  readonly icon: string;
  /** The object's own colours, dominant first; empty where it must keep them. */
  readonly group: readonly string[];
  readonly eyes: readonly Eye[];
  /** The colour the unedited drawing has, where captions or the held-out list need it. */
  readonly natural?: ColorId;
}

/** All drawings, as `analyse.ts` wrote them. */
export const DRAWINGS: readonly Drawing[] = JSON.parse(
  Deno.readTextFileSync(new URL("./drawings.json", import.meta.url)),
);
