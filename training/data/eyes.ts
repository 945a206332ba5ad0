/**
 * Finds the eyes of a drawing, and draws eyes in a colour over them.
 *
 * Eyes are usually two small dark round shapes of equal size at equal height; in a side view, one.
 *
 * @module
 */
import { type ColorId, type Oklch, PALETTE, parseColor, toHex, toOklch } from "./color.ts";
import { IDENTITY, type Matrix, multiply, outlines, parseTransform } from "./geometry.ts";
import { inheritedFill } from "./paint.ts";
import type { Element } from "./svg.ts";

/** An eye as an ellipse, in fractions of the view box's width. */
export type Eye = readonly [cx: number, cy: number, rx: number, ry: number];

interface Blob {
  readonly fill: string;
  readonly cx: number;
  readonly cy: number;
  readonly w: number;
  readonly h: number;
  /** Area over that of the bounding box: 0.785 for an ellipse. */
  readonly fullness: number;
}

function blobs(elements: readonly Element[], width: number): Blob[] {
  const result: Blob[] = [];
  const visit = (element: Element, parentFill: string, parent: Matrix) => {
    if (/^(defs|clipPath|mask|symbol)$/.test(element.tag)) return;
    const fill = inheritedFill(element, parentFill);
    const matrix = multiply(parent, parseTransform(element.attributes["transform"]));
    for (const polygon of fill === "none" ? [] : outlines(element)) {
      let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity, twice = 0;
      const at = (i: number): [number, number] => {
        const x = polygon[i % polygon.length]!, y = polygon[(i + 1) % polygon.length]!;
        return [
          matrix[0] * x + matrix[2] * y + matrix[4],
          matrix[1] * x + matrix[3] * y + matrix[5],
        ];
      };
      for (let i = 0; i < polygon.length; i += 2) {
        const [x, y] = at(i), [nx, ny] = at(i + 2);
        x0 = Math.min(x0, x);
        x1 = Math.max(x1, x);
        y0 = Math.min(y0, y);
        y1 = Math.max(y1, y);
        twice += x * ny - nx * y;
      }
      const w = x1 - x0, h = y1 - y0;
      if (!(w > 0 && h > 0)) continue;
      result.push({
        fill,
        cx: (x0 + x1) / 2 / width,
        cy: (y0 + y1) / 2 / width,
        w: w / width,
        h: h / width,
        fullness: Math.abs(twice) / 2 / (w * h),
      });
    }
    for (const child of element.children) visit(child, fill, matrix);
  };
  for (const element of elements) visit(element, "#000000", IDENTITY);
  return result;
}

const isRound = ({ w, h, fullness }: Blob) =>
  fullness > 0.55 && fullness < 0.93 && w / h > 0.3 && w / h < 1.8;

function isDark({ fill }: Blob): boolean {
  const rgb = parseColor(fill);
  return rgb !== undefined && toOklch(rgb).l < 0.45;
}

/** One eye, two eyes, or none; `width` is that of the view box. */
export function findEyes(elements: readonly Element[], width: number): Eye[] {
  const all = blobs(elements, width);
  const dark = all.filter((blob) =>
    isDark(blob) && isRound(blob) && Math.max(blob.w, blob.h) < 0.21 &&
    Math.max(blob.w, blob.h) > 0.018 &&
    blob.cy > 0.08 && blob.cy < 0.75
  );
  let best: Blob[] = [];
  let bestScore = 0;
  for (const [i, a] of dark.entries()) {
    for (const b of dark.slice(i + 1)) {
      const sameSize = Math.min(a.w * a.h, b.w * b.h) / Math.max(a.w * a.h, b.w * b.h);
      const apart = Math.abs(a.cx - b.cx), tilt = Math.abs(a.cy - b.cy);
      if (
        sameSize < 0.6 || apart < 0.6 * (a.w + b.w) || apart > 0.62 ||
        tilt > 0.35 * (a.h + b.h) * 0.5
      ) continue;
      const score = sameSize ** 2 * Math.sqrt((a.w * a.h + b.w * b.h) / 2) *
        (1.2 - (a.cy + b.cy) / 2);
      if (score > bestScore) {
        bestScore = score;
        best = a.cx < b.cx ? [a, b] : [b, a];
      }
    }
  }
  if (best.length === 0) {
    for (const blob of dark) {
      if (Math.max(blob.w, blob.h) > 0.13 || blob.cy > 0.6 || blob.fullness < 0.66) continue;
      const score = Math.sqrt(blob.w * blob.h) * (1 - Math.abs(blob.fullness - 0.785)) *
        (1 - blob.cy);
      if (score > bestScore) {
        bestScore = score;
        best = [blob];
      }
    }
  }
  return best.map((pupil) => {
    // A coloured iris round the pupil is the eye.
    const iris = all.find((blob) =>
      isRound(blob) && Math.abs(blob.cx - pupil.cx) < 0.5 * blob.w &&
      Math.abs(blob.cy - pupil.cy) < 0.5 * blob.h &&
      blob.w > pupil.w && blob.h >= pupil.h * 0.8 && Math.max(blob.w, blob.h) < 0.26 &&
      blob.w * blob.h < 14 * pupil.w * pupil.h &&
      isVivid(blob)
    );
    const { cx, cy, w, h } = iris ?? pupil;
    return [cx, cy, w / 2, h / 2].map((x) => Math.round(x * 1e4) / 1e4) as unknown as Eye;
  });
}

function isVivid({ fill }: Blob): boolean {
  const rgb = parseColor(fill);
  return rgb !== undefined && toOklch(rgb).c > 0.09;
}

/** Smallest and largest radius of a drawn eye: a smaller one would not show at 256 pixels. */
const MIN_RADIUS = 0.058, MAX_RADIUS = 0.11;

/** SVG of eyes in `color`, in view-box units; `body` is the lightness of what surrounds them. */
export function drawEyes(
  eyes: readonly Eye[],
  color: ColorId,
  tone: Oklch,
  width: number,
  body: number,
): string {
  const [left, right] = eyes;
  const room = left && right ? 0.46 * Math.abs(right[0] - left[0]) : MAX_RADIUS;
  let text = "";
  for (const [cx, cy, rx0, ry0] of eyes) {
    const grow = Math.max(1.15, MIN_RADIUS / Math.sqrt(rx0 * ry0));
    const fit = (radius: number) => Math.min(MAX_RADIUS, Math.max(0.036, radius * grow));
    const rx = Math.min(room, fit(rx0)), ry = Math.min(fit(ry0), rx * 1.7);
    const u = (x: number) => (x * width).toFixed(3);
    const rim = body < 0.45 ? "#f4f4f4" : "#26262a";
    const iris = color === "black" ? PALETTE.black : toHex(tone);
    text += `<ellipse cx="${u(cx)}" cy="${u(cy)}" rx="${u(rx)}" ry="${
      u(ry)
    }" fill="${iris}" stroke="${color === "black" && body >= 0.45 ? iris : rim}" stroke-width="${
      u(0.009)
    }"/>`;
    const pupil = color === "black" ? 0 : 0.34;
    if (pupil > 0) {
      text += `<ellipse cx="${u(cx)}" cy="${u(cy)}" rx="${u(rx * pupil)}" ry="${
        u(ry * pupil * 1.1)
      }" fill="#141416"/>`;
    }
    text += `<circle cx="${u(cx + 0.33 * rx)}" cy="${u(cy - 0.38 * ry)}" r="${
      u(0.2 * Math.min(rx, ry))
    }" fill="#ffffff"/>`;
  }
  return text;
}
