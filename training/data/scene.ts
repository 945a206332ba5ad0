/**
 * What is in a picture: sampled here, drawn by `compose.ts`, told by `captions_*.ts`.
 *
 * @module
 */
import { type ColorId, jittered, type Oklch } from "./color.ts";
import type { Composition } from "./compose.ts";
import { CORE_OBJECTS, type CoreObject } from "./core_objects.ts";
import {
  drawingsOf,
  dress,
  dressAs,
  type Dressed,
  pickBackground,
  pickDrawing,
  type SceneObject,
} from "./dress.ts";
import { isHeldOut } from "./held_out.ts";
import type { StyleId } from "./icon_sets.ts";
import { loadOtherDrawings } from "./other_objects.ts";
import type { Random } from "./random.ts";
import { animalWeight, PLAIN_SHARE, STYLE_WEIGHT, thingWeight } from "./scene_weights.ts";

/** How two objects stand to each other: the first beside, above or in front of the second. */
export type Relation = "beside" | "above" | "front";

/** A picture's meaning and its layout. */
export interface Scene {
  readonly style: StyleId;
  readonly background: ColorId;
  readonly objects: readonly SceneObject[];
  readonly relation: Relation | null;
  /** How many of the one object there are. */
  readonly count: 1 | 2 | 3;
  readonly size: "small" | "large" | null;
  readonly composition: Composition;
}

const animals = CORE_OBJECTS.filter(({ kind, id }) => kind === "animal" && drawingsOf.has(id));
const things = CORE_OBJECTS.filter(({ kind, id }) => kind === "thing" && drawingsOf.has(id));
const byStyle = Map.groupBy(loadOtherDrawings(), ({ style }) => style);

function pickCore(random: Random, animalShare: number): CoreObject {
  return random.chance(animalShare)
    ? random.weighted(animals, animalWeight)
    : random.weighted(things, thingWeight);
}

function attempt(random: Random): Scene {
  const kind = random.next();
  if (kind < 0.06) return otherScene(random);
  if (kind < 0.15) return pairScene(random);
  if (kind < 0.21) return countScene(random);
  const core = pickCore(random, 0.6);
  const dressed = dress(
    random,
    core,
    pickDrawing(random, core.id)!,
    core.kind === "animal" ? 0.84 : 0.6,
    1,
  );
  const roll = random.next();
  const size = dressed.object.eyes === null && roll < 0.08 ? "small" : roll > 0.95 ? "large" : null;
  return single(random, dressed, size);
}

function single(
  random: Random,
  dressed: Dressed,
  size: Scene["size"],
  background?: { readonly name: ColorId; readonly tone: Oklch },
): Scene {
  // Most objects stand at one place in one size: what moves is learned several times over.
  const plain = size === null && random.chance(PLAIN_SHARE);
  const side = size === "small"
    ? random.between(0.34, 0.46)
    : size === "large"
    ? random.between(0.95, 1.0)
    : plain
    ? 0.82
    : random.between(0.62, 0.86);
  const slack = size === "small"
    ? (1 - side) / 2 - 0.04
    : size === "large"
    ? 0.005
    : plain
    ? 0
    : 0.03;
  const { name, tone } = background ?? pickBackground(random, [dressed]);
  const placed = {
    ...dressed.look,
    x: 0.5 + random.between(-slack, slack),
    y: 0.5 + random.between(-slack, slack),
    size: side,
    flip: dressed.object.core !== undefined && !plain && random.chance(0.3),
  };
  return {
    style: dressed.look.style,
    background: name,
    objects: [dressed.object],
    relation: null,
    count: 1,
    size,
    composition: { background: tone, objects: [placed] },
  };
}

function otherScene(random: Random): Scene {
  const style = random.weighted([...byStyle.keys()], (style) => STYLE_WEIGHT[style]);
  const other = random.pick(byStyle.get(style)!);
  const object = { id: other.object, other, color: null, eyes: null, natural: null, face: false };
  return single(random, { object, look: { style, icon: other.icon }, seen: undefined }, null);
}

function pairScene(random: Random): Scene {
  const [a, b] = [pickCore(random, 0.5), pickCore(random, 0.4)];
  const first = pickDrawing(random, a.id)!;
  const second = a.id === b.id ? undefined : pickDrawing(random, b.id, first.style);
  if (!second) return pairScene(random);
  const dressed = [dress(random, a, first, 0.6, 0), dress(random, b, second, 0.6, 0)];
  const relation = random.weighted<Relation>(
    ["beside", "above", "front"],
    (r) => r === "beside" ? 2 : 1,
  );
  const j = () => random.between(-0.015, 0.015);
  const side = random.between(0.41, 0.45);
  // In front means: lower, and drawn over the other.
  const spots: [number, number, number][] = relation === "beside"
    ? [[0.26, 0.5, side], [0.74, 0.5, side]]
    : relation === "above"
    ? [[0.5, 0.26, side], [0.5, 0.74, side]]
    : [[0.36, 0.68, 0.5], [0.6, 0.4, 0.62]];
  const placed = dressed.map(({ look }, i) => {
    const [x, y, size] = spots[i]!;
    return { ...look, x: x + j(), y: y + j(), size, flip: random.chance(0.3) };
  });
  if (relation === "front") placed.reverse();
  const { name, tone } = pickBackground(random, dressed);
  return {
    style: first.style,
    background: name,
    objects: dressed.map(({ object }) => object),
    relation,
    count: 1,
    size: null,
    composition: { background: tone, objects: placed },
  };
}

function countScene(random: Random): Scene {
  const core = pickCore(random, 0.5);
  if (!core.ukrainian.some(({ plural }) => plural !== undefined)) return countScene(random);
  const dressed = dress(random, core, pickDrawing(random, core.id)!, 0.6, 0.25);
  const count = random.chance(0.6) ? 2 : 3;
  const spots: [number, number][] = count === 2
    ? [[0.26, 0.5], [0.74, 0.5]]
    : random.pick([[[0.5, 0.27], [0.27, 0.73], [0.73, 0.73]], [[0.18, 0.5], [0.5, 0.5], [
      0.82,
      0.5,
    ]]]);
  const row = count === 3 && spots[0]![1] === 0.5;
  const size = row ? 0.31 : random.between(0.41, 0.46);
  const flip = random.chance(0.3);
  const { name, tone } = pickBackground(random, [dressed]);
  return {
    style: dressed.look.style,
    background: name,
    objects: [dressed.object],
    relation: null,
    count,
    size: null,
    composition: {
      background: tone,
      objects: spots.map(([x, y]) => ({ ...dressed.look, x, y, size, flip })),
    },
  };
}

/** The attributes of a picture of one core object. */
export interface Spec {
  readonly object: string;
  readonly color: ColorId | null;
  readonly eyes: ColorId | null;
  readonly background: ColorId;
}

/**
 * A real picture of exactly these attributes, held out or not: what evaluation compares with.
 *
 * @throws {RangeError} If no drawing of the object can show them.
 */
export function sceneOf({ object, color, eyes, background }: Spec, random: Random): Scene {
  const able = (drawingsOf.get(object) ?? []).filter((drawing) =>
    (color === null || drawing.group.length > 0) && (eyes === null || drawing.eyes.length > 0)
  );
  const core = CORE_OBJECTS.find(({ id }) => id === object);
  if (!core || able.length === 0) {
    throw new RangeError(
      `Cannot draw: object is ${object}, color ${color}, eyes ${eyes}; expected a core object that can show them`,
    );
  }
  const dressed = dressAs(
    core,
    random.weighted(able, ({ style }) => STYLE_WEIGHT[style]),
    color,
    eyes,
    random,
  );
  const tone = background === "white" ? { l: 1, c: 0, h: 0 } : jittered(background, random);
  return single(random, dressed, null, { name: background, tone });
}

/** A scene that shows nothing held out: draws again until it does not. */
export function sampleScene(random: Random): Scene {
  while (true) {
    const scene = attempt(random);
    const seen = scene.objects.map(({ id, color, natural, eyes }) => ({
      id,
      color: color ?? natural,
      eyes,
    }));
    if (!isHeldOut(seen)) return scene;
  }
}
