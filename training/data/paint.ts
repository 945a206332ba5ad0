/**
 * What colours a drawing uses, how much of the picture each covers, and how to change them.
 *
 * @module
 */
import { hueDistance, type Oklch, parseColor, toHex, toOklch } from "./color.ts";
import { type Element, mapAttributes } from "./svg.ts";

const PAINTS = ["fill", "stroke", "stop-color"] as const;

/** The fill an element would be drawn with, given its parent's. */
export function inheritedFill(element: Element, parent: string): string {
  return element.attributes["fill"] ?? parent;
}

/** Every gradient's stop colours, by id, following references. */
export function gradientStops(elements: readonly Element[]): Map<string, string[]> {
  const own = new Map<string, { stops: string[]; href: string | undefined }>();
  const visit = (element: Element) => {
    if (/Gradient$/.test(element.tag) && element.attributes["id"] !== undefined) {
      own.set(element.attributes["id"], {
        stops: element.children.filter((child) =>
          child.tag === "stop" && child.attributes["stop-opacity"] !== "0"
        )
          .map((child) => child.attributes["stop-color"] ?? "#000000"),
        href: (element.attributes["href"] ?? element.attributes["xlink:href"])?.slice(1),
      });
    }
    element.children.forEach(visit);
  };
  elements.forEach(visit);
  const result = new Map<string, string[]>();
  for (const [id, { stops, href }] of own) {
    result.set(id, stops.length > 0 ? stops : own.get(href ?? "")?.stops ?? []);
  }
  return result;
}

/** The gradient id in `url(#id)`, else undefined. */
export function gradientId(paint: string): string | undefined {
  return /^url\(#([^)]+)\)/.exec(paint)?.[1];
}

/** Replaces each colour by `change` of it, wherever the drawing is painted. */
export function mapColors(
  elements: readonly Element[],
  change: (color: string) => string | undefined,
): Element[] {
  return mapAttributes(elements, ({ attributes }) => {
    let result = attributes;
    for (const name of PAINTS) {
      const before = attributes[name];
      const after = before === undefined
        ? undefined
        : change(before.startsWith("url(") ? before : before.toLowerCase());
      if (after !== undefined) result = { ...result, [name]: after };
    }
    return result;
  });
}

/**
 * The colours that belong to the object's own colour, dominant one first: those that cover visible
 * area and share the dominant hue (or its lack of hue and roughly its lightness).
 */
export function dominantGroup(areas: ReadonlyMap<string, number>): string[] {
  const colors = [...areas].flatMap(([color, area]) => {
    const rgb = parseColor(color);
    return rgb ? [{ color, area, lch: toOklch(rgb) }] : [];
  });
  const near = (a: Oklch, b: Oklch) => {
    const gray = (x: Oklch) => x.c < 0.035;
    if (gray(a) && gray(b)) return Math.abs(a.l - b.l) < 0.22;
    if (gray(a) || gray(b)) return Math.hypot(a.l - b.l, 2 * (a.c - b.c)) < 0.09;
    return hueDistance(a.h, b.h) < 0.62 && Math.abs(a.l - b.l) < 0.5;
  };
  let best: typeof colors = [];
  let bestArea = 0;
  for (const seed of colors) {
    const group = colors.filter((other) => near(seed.lch, other.lch));
    const area = group.reduce((sum, { area }) => sum + area, 0) + 0.01 * seed.area;
    if (area > bestArea) {
      bestArea = area;
      best = group;
    }
  }
  return best.sort((a, b) => b.area - a.area).map(({ color }) => color);
}

/** Maps the group to a new colour; what was lighter or darker than the dominant colour stays so. */
export function recolouring(group: readonly string[], target: Oklch): Map<string, string> {
  const dominant = toOklch(parseColor(group[0]!)!);
  // Little room above white or below black: shades there must be spread downwards or upwards.
  return new Map(group.map((color) => {
    const own = toOklch(parseColor(color)!);
    const step = own.l - dominant.l;
    const room = step > 0 ? Math.min(1, (1 - target.l) / 0.35) : Math.min(1, target.l / 0.5);
    const l = Math.min(0.99, Math.max(0.1, target.l + 0.75 * step * Math.max(0.3, room)));
    const chroma = target.c * (step > 0 ? 1 - 0.5 * Math.min(1, step * 2) : 1);
    const turn = own.c > 0.035 && dominant.c > 0.035
      ? 0.25 * (((own.h - dominant.h + 9.4248) % 6.2832) - 3.1416)
      : 0;
    return [color, toHex({ l, c: chroma, h: target.h + turn })];
  }));
}
