/**
 * Real renders that no network saw in training: seeds of their own, what they show said beside them.
 *
 * @module
 */
import { compose } from "../data/compose.ts";
import { recordRandom } from "../data/random.ts";
import { rasterise } from "../data/rasterise.ts";
import { sceneOf, type Spec } from "../data/scene.ts";
import type { Pixels } from "./judge.ts";

/** Pixels per row of all pictures. */
export const SIZE = 256;

/** A picture by the data's own renderer. */
export async function render(spec: Spec, seed: number, index: number): Promise<Pixels> {
  const { composition } = sceneOf(spec, recordRandom(seed, index));
  return { width: SIZE, height: SIZE, data: await rasterise(compose(composition, SIZE), SIZE) };
}

/** `count` of a list, spread over all of it; from the beginning again where it is too short. */
export function spread<T>(list: readonly T[], count: number): readonly T[] {
  const stride = Math.max(1, Math.floor(list.length / count));
  return Array.from({ length: count }, (_, i) => list[i * stride % list.length]!);
}
