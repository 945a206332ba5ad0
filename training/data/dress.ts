/**
 * One object's looks: which drawing, which colours, which eyes.
 *
 * @module
 */
import {
  type ColorId,
  COLORS,
  EYE_COLORS,
  jittered,
  type Oklch,
  parseColor,
  toOklch,
} from "./color.ts";
import type { Placed } from "./compose.ts";
import type { CoreObject } from "./core_objects.ts";
import { type Drawing, DRAWINGS } from "./drawings.ts";
import type { StyleId } from "./icon_sets.ts";
import type { OtherDrawing } from "./other_objects.ts";
import type { Random } from "./random.ts";
import { colorWeight, EYE_SHARE, eyeWeight, FRONT_WEIGHT, STYLE_WEIGHT } from "./scene_weights.ts";

/** One object of a scene. */
export interface SceneObject {
  /** A core object's id, or an emoji's hexcode. */
  readonly id: string;
  /** What captions may call it. */
  readonly core?: CoreObject;
  readonly other?: OtherDrawing;
  /** The colour it was given; null where it keeps its natural one. */
  readonly color: ColorId | null;
  readonly eyes: ColorId | null;
  /** The colour that is seen where an unedited drawing's colour matters to the held-out list. */
  readonly natural: ColorId | null;
  /** Whether the drawing is only a face. */
  readonly face: boolean;
}

/** The drawings of each core object. */
export const drawingsOf: ReadonlyMap<string, readonly Drawing[]> = Map.groupBy(
  DRAWINGS,
  ({ object }) => object,
);

const isFront = ({ eyes }: Drawing): boolean => eyes.length > 1;
const weight = (drawing: Drawing): number => isFront(drawing) ? FRONT_WEIGHT : 1;

/** A drawing of an object, in the given style or by the weights of the styles. */
export function pickDrawing(random: Random, id: string, style?: StyleId): Drawing | undefined {
  const own = (drawingsOf.get(id) ?? []).filter((drawing) =>
    style === undefined || drawing.style === style
  );
  if (own.length === 0) return undefined;
  if (style !== undefined) return random.pick(own);
  const counts = Map.groupBy(own, (drawing) => drawing.style);
  return random.weighted(
    own,
    (drawing) => {
      const alike = counts.get(drawing.style)!;
      const total = alike.reduce((sum, other) => sum + weight(other), 0);
      return STYLE_WEIGHT[drawing.style] * weight(drawing) / total;
    },
  );
}

/** A drawing in its colours, before it has a place. */
export type Look = Omit<Placed, "x" | "y" | "size" | "flip">;

/** An object with how it looks. */
export interface Dressed {
  readonly object: SceneObject;
  readonly look: Look;
  /** The colour it shows most, to keep it off a background like it; unknown for the long tail. */
  readonly seen: Oklch | undefined;
}

/**
 * An object in colours drawn at random: it keeps its own, or its eyes, otherwise.
 *
 * @param eyes How much of {@linkcode EYE_SHARE} to use.
 */
export function dress(
  random: Random,
  core: CoreObject,
  drawing: Drawing,
  paintShare: number,
  eyes: number,
): Dressed {
  const color = drawing.group.length > 0 && random.chance(paintShare)
    ? random.weighted(COLORS, colorWeight)
    : null;
  const shown = color ?? drawing.natural ?? null;
  const eyeShare = EYE_SHARE[isFront(drawing) ? "front" : "profile"] * eyes;
  const eyeColor = drawing.eyes.length > 0 && random.chance(eyeShare)
    ? random.weighted(EYE_COLORS.filter((eye) => eye !== shown), eyeWeight)
    : null;
  return dressAs(core, drawing, color, eyeColor, random);
}

/** An object in given colours; null leaves what the drawing has. */
export function dressAs(
  core: CoreObject,
  drawing: Drawing,
  color: ColorId | null,
  eyes: ColorId | null,
  random: Random,
): Dressed {
  const paint = color === null
    ? undefined
    : { group: drawing.group, tone: jittered(color, random), color };
  const dominant = parseColor(drawing.group[0] ?? "");
  return {
    object: {
      id: core.id,
      core,
      color,
      eyes,
      natural: drawing.natural ?? null,
      face: core.kind === "animal" && /face/.test(drawing.icon),
    },
    look: {
      style: drawing.style,
      icon: drawing.icon,
      ...(paint ? { paint } : {}),
      ...(eyes === null
        ? {}
        : { eyes: { at: drawing.eyes, tone: jittered(eyes, random), color: eyes } }),
    },
    seen: paint?.tone ?? (dominant && toOklch(dominant)),
  };
}

/** A background that the objects do not vanish on; mostly white. */
export function pickBackground(
  random: Random,
  dressed: readonly Dressed[],
): { name: ColorId; tone: Oklch } {
  const white: Oklch = { l: 1, c: 0, h: 0 };
  if (!random.chance(0.34)) return { name: "white", tone: white };
  const name = random.pick(COLORS);
  if (name === "white") return { name, tone: white };
  const tone = jittered(name, random);
  const like = dressed.some(({ object, seen }) =>
    object.color === name || object.eyes === name && object.color === null ||
    seen !== undefined && Math.hypot(
          seen.l - tone.l,
          seen.c * Math.cos(seen.h) - tone.c * Math.cos(tone.h),
          seen.c * Math.sin(seen.h) - tone.c * Math.sin(tone.h),
        ) < 0.13
  );
  return like ? { name: "white", tone: white } : { name, tone };
}
