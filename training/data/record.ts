/**
 * A record: what a picture shows, in the words that `records-NNNN.jsonl` uses.
 *
 * @module
 */
import { captions } from "./captions.ts";
import type { ColorId } from "./color.ts";
import type { StyleId } from "./icon_sets.ts";
import { recordRandom } from "./random.ts";
import { type Relation, sampleScene, type Scene } from "./scene.ts";

/** One line of a records file. */
export interface DataRecord {
  readonly seed: number;
  readonly index: number;
  readonly style: StyleId;
  readonly background: ColorId;
  readonly objects: readonly {
    readonly id: string;
    readonly name_en: string;
    /** True for hand-named objects. */
    readonly core: boolean;
    /** null: the drawing's own colour. */
    readonly color: ColorId | null;
    readonly eyes: ColorId | null;
    readonly face: boolean;
  }[];
  readonly relation: Relation | null;
  readonly count: 1 | 2 | 3;
  readonly size: "small" | "large" | null;
  readonly captions_en: readonly string[];
  readonly captions_uk: readonly string[];
}

/** Record `index` of data set `seed`, with the scene to draw. */
export function makeRecord(seed: number, index: number): { record: DataRecord; scene: Scene } {
  const random = recordRandom(seed, index);
  const scene = sampleScene(random);
  const { style, background, relation, count, size } = scene;
  const objects = scene.objects.map(({ id, core, other, color, eyes, face }) => ({
    id,
    name_en: core?.english[0] ?? other?.english[0] ?? id,
    core: core !== undefined,
    color,
    eyes,
    face,
  }));
  return {
    scene,
    record: {
      seed,
      index,
      style,
      background,
      objects,
      relation,
      count,
      size,
      ...captions(scene, random),
    },
  };
}
