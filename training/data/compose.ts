/**
 * A scene as one SVG.
 *
 * @module
 */
import { type ColorId, type Oklch, parseColor, toHex, toOklch } from "./color.ts";
import { drawEyes, type Eye } from "./eyes.ts";
import { type Icon, loadIconSet, type StyleId } from "./icon_sets.ts";
import { gradientId, mapColors, recolouring } from "./paint.ts";
import { type Element, mapAttributes, parseSvg, writeSvg } from "./svg.ts";

/** One drawing in the picture. */
export interface Placed {
  readonly style: StyleId;
  readonly icon: string;
  /** The colours to replace and what by; absent for the natural colour. */
  readonly paint?: {
    readonly group: readonly string[];
    readonly tone: Oklch;
    readonly color: ColorId;
  };
  readonly eyes?: { readonly at: readonly Eye[]; readonly tone: Oklch; readonly color: ColorId };
  /** Centre and side of its square, in fractions of the picture. */
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly flip: boolean;
}

/** The whole picture; later objects lie in front. */
export interface Composition {
  readonly background: Oklch;
  readonly objects: readonly Placed[];
}

const sets = new Map<StyleId, Map<string, { icon: Icon; elements?: Element[] }>>();

function lookUp(style: StyleId, name: string): { icon: Icon; elements: Element[] } {
  let set = sets.get(style);
  if (!set) sets.set(style, set = new Map(loadIconSet(style).map((icon) => [icon.name, { icon }])));
  const entry = set.get(name);
  if (!entry) {
    throw new RangeError(`Cannot draw: icon is ${style}/${name}; expected one of the set's names`);
  }
  entry.elements ??= parseSvg(entry.icon.body);
  return { icon: entry.icon, elements: entry.elements };
}

/** Below this difference in lightness and chroma, an object needs an outline to be seen. */
const SEPARATE = 0.14;

function draw(placed: Placed, prefix: string, background: Oklch): string {
  const { icon, elements } = lookUp(placed.style, placed.icon);
  const { width, height } = icon;
  const side = Math.max(width, height);
  let body = elements;
  let outline = "";
  let lightness = 0.6;
  if (placed.paint) {
    const { group, tone } = placed.paint;
    const map = recolouring(group, tone);
    body = mapColors(elements, (color) => map.get(color));
    lightness = tone.l;
    const distance = Math.hypot(
      tone.l - background.l,
      tone.c * Math.cos(tone.h) - background.c * Math.cos(background.h),
      tone.c * Math.sin(tone.h) - background.c * Math.sin(background.h),
    );
    if (distance < SEPARATE) {
      // A rim just outside the object: its own silhouette, stroked, underneath.
      const rim = tone.l > 0.5 ? "#a9adb5" : "#d5d8de";
      const stroked = mapAttributes(body, ({ attributes }) => {
        const fill = attributes["fill"];
        const painted = fill !== undefined && fill !== "none" && gradientId(fill) === undefined;
        return painted
          ? { ...attributes, fill: rim, stroke: rim, "stroke-width": String(side * 0.028) }
          : attributes;
      });
      outline = `<g fill="${rim}" stroke-linejoin="round">${writeSvg(stroked, prefix + "r")}</g>`;
    }
  } else {
    const first = elements.find(({ attributes }) => parseColor(attributes["fill"] ?? ""))
      ?.attributes["fill"];
    if (first) lightness = toOklch(parseColor(first)!).l;
  }
  const eyes = placed.eyes
    ? drawEyes(placed.eyes.at, placed.eyes.color, placed.eyes.tone, width, lightness)
    : "";
  const s = placed.size / side;
  const flip = placed.flip ? -1 : 1;
  return `<g transform="translate(${placed.x.toFixed(4)} ${placed.y.toFixed(4)}) scale(${
    (s * flip).toFixed(6)
  } ${s.toFixed(6)}) translate(${-width / 2} ${-height / 2})">${outline}${
    writeSvg(body, prefix)
  }${eyes}</g>`;
}

/** The SVG of a composition, `size` pixels wide and high. */
export function compose({ background, objects }: Composition, size: number): string {
  const drawn = objects.map((placed, i) => draw(placed, `o${i}`, background)).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${size}" ` +
    `height="${size}" viewBox="0 0 1 1"><rect width="1" height="1" fill="${
      toHex(background)
    }"/>${drawn}</svg>`;
}
