/**
 * Outlines of SVG shapes as polygons, in the icon's own coordinates.
 *
 * @module
 */
import type { Element } from "./svg.ts";

/** x₀, y₀, x₁, y₁, … of one closed outline. */
export type Polygon = readonly number[];

/** [a, b, c, d, e, f] of x' = a·x + c·y + e, y' = b·x + d·y + f. */
export type Matrix = readonly [number, number, number, number, number, number];

/** The transform that changes nothing. */
export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

/** First `right`, then `left`. */
export function multiply(left: Matrix, right: Matrix): Matrix {
  const [a, b, c, d, e, f] = left;
  const [A, B, C, D, E, F] = right;
  return [
    a * A + c * B,
    b * A + d * B,
    a * C + c * D,
    b * C + d * D,
    a * E + c * F + e,
    b * E + d * F + f,
  ];
}

/** Parses a `transform` attribute; what it does not know it takes as identity. */
export function parseTransform(text: string | undefined): Matrix {
  let result = IDENTITY;
  for (const [, name, args] of (text ?? "").matchAll(/(\w+)\(([^)]*)\)/g)) {
    const n = (args!.match(NUMBER) ?? []).map(Number);
    const angle = (n[0] ?? 0) * Math.PI / 180;
    const cos = Math.cos(angle), sin = Math.sin(angle);
    if (name === "matrix" && n.length === 6) result = multiply(result, n as unknown as Matrix);
    if (name === "translate") result = multiply(result, [1, 0, 0, 1, n[0] ?? 0, n[1] ?? 0]);
    if (name === "scale") result = multiply(result, [n[0] ?? 1, 0, 0, n[1] ?? n[0] ?? 1, 0, 0]);
    if (name === "rotate") {
      const x = n[1] ?? 0, y = n[2] ?? 0;
      result = multiply(result, [
        cos,
        sin,
        -sin,
        cos,
        x - cos * x + sin * y,
        y - sin * x - cos * y,
      ]);
    }
  }
  return result;
}

const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi;
const CURVE_POINTS = 6;

/** The outlines of one shape, before transforms: one polygon per subpath. */
export function outlines({ tag, attributes }: Element): Polygon[] {
  const number = (name: string) => Number(attributes[name] ?? 0);
  if (tag === "path") return pathOutlines(attributes["d"] ?? "");
  if (tag === "circle" || tag === "ellipse") {
    const rx = attributes["r"] !== undefined ? number("r") : number("rx");
    const ry = attributes["r"] !== undefined ? number("r") : number("ry");
    const polygon: number[] = [];
    for (let i = 0; i < 24; i++) {
      const angle = i * Math.PI / 12;
      polygon.push(number("cx") + rx * Math.cos(angle), number("cy") + ry * Math.sin(angle));
    }
    return [polygon];
  }
  if (tag === "rect") {
    const x = number("x"), y = number("y"), w = number("width"), h = number("height");
    return [[x, y, x + w, y, x + w, y + h, x, y + h]];
  }
  if (tag === "polygon") return [(attributes["points"]?.match(NUMBER) ?? []).map(Number)];
  return [];
}

/** Flattens path data. Arc flags may be glued to what follows, as in `a2 2 0 103 4`. */
function pathOutlines(d: string): Polygon[] {
  const result: number[][] = [];
  let polygon: number[] = [];
  let x = 0, y = 0, startX = 0, startY = 0, controlX = 0, controlY = 0, last = "";
  const finish = () => {
    if (polygon.length >= 6) result.push(polygon);
    polygon = [];
  };
  const line = (toX: number, toY: number) => polygon.push(x = toX, y = toY);
  const cubic = (x1: number, y1: number, x2: number, y2: number, toX: number, toY: number) => {
    const fromX = x, fromY = y;
    for (let i = 1; i <= CURVE_POINTS; i++) {
      const t = i / CURVE_POINTS, u = 1 - t;
      const b0 = u * u * u, b1 = 3 * u * u * t, b2 = 3 * u * t * t, b3 = t * t * t;
      line(b0 * fromX + b1 * x1 + b2 * x2 + b3 * toX, b0 * fromY + b1 * y1 + b2 * y2 + b3 * toY);
    }
    controlX = x2;
    controlY = y2;
  };
  for (const [, command, text] of d.matchAll(/([a-z])([^a-z]*(?:e[-+]?\d[^a-z]*)*)/gi)) {
    const lower = command!.toLowerCase();
    const relative = command === lower;
    const n = lower === "a" ? arcNumbers(text!) : (text!.match(NUMBER) ?? []).map(Number);
    const size = { m: 2, l: 2, h: 1, v: 1, c: 6, s: 4, q: 4, t: 2, a: 7 }[lower] ?? 0;
    if (lower === "z") {
      finish();
      x = startX;
      y = startY;
    }
    for (let at = 0; size > 0 && at + size <= n.length; at += size) {
      const X = (i: number) => n[at + i]! + (relative ? x : 0);
      const Y = (i: number) => n[at + i]! + (relative ? y : 0);
      if (polygon.length === 0 && lower !== "m") polygon.push(x, y);
      const smooth = (kinds: string) =>
        kinds.includes(last) ? [2 * x - controlX, 2 * y - controlY] : [x, y];
      if (lower === "m" && at === 0) {
        finish();
        line(X(0), Y(1));
        startX = x;
        startY = y;
      } else if (lower === "m" || lower === "l") line(X(0), Y(1));
      else if (lower === "h") line(X(0), y);
      else if (lower === "v") line(x, Y(0));
      else if (lower === "c") cubic(X(0), Y(1), X(2), Y(3), X(4), Y(5));
      else if (lower === "s") {
        const [cx, cy] = smooth("cs");
        cubic(cx!, cy!, X(0), Y(1), X(2), Y(3));
      } else if (lower === "q" || lower === "t") {
        const [cx, cy] = lower === "q" ? [X(0), Y(1)] : smooth("qt");
        const [toX, toY] = lower === "q" ? [X(2), Y(3)] : [X(0), Y(1)];
        cubic(
          x + 2 / 3 * (cx! - x),
          y + 2 / 3 * (cy! - y),
          toX + 2 / 3 * (cx! - toX),
          toY + 2 / 3 * (cy! - toY),
          toX,
          toY,
        );
        controlX = cx!;
        controlY = cy!;
      } else if (lower === "a") arc(n.slice(at, at + 5), X(5), Y(6));
      last = lower;
    }
    last = lower;
  }
  finish();
  return result;

  /** SVG 1.1, appendix F.6.5. */
  function arc([rx0, ry0, rotation, large, sweep]: number[], toX: number, toY: number): void {
    const phi = rotation! * Math.PI / 180, cos = Math.cos(phi), sin = Math.sin(phi);
    const dx = (x - toX) / 2, dy = (y - toY) / 2;
    const x1 = cos * dx + sin * dy, y1 = -sin * dx + cos * dy;
    let rx = Math.abs(rx0!), ry = Math.abs(ry0!);
    if (rx === 0 || ry === 0) return void line(toX, toY);
    const grow = Math.sqrt(Math.max(1, (x1 / rx) ** 2 + (y1 / ry) ** 2));
    rx *= grow;
    ry *= grow;
    const under = (rx * ry) ** 2 / ((rx * y1) ** 2 + (ry * x1) ** 2) - 1;
    const k = Math.sqrt(Math.max(0, under)) * (large === sweep ? -1 : 1);
    const cx1 = k * rx * y1 / ry, cy1 = -k * ry * x1 / rx;
    const cx = cos * cx1 - sin * cy1 + (x + toX) / 2, cy = sin * cx1 + cos * cy1 + (y + toY) / 2;
    const from = Math.atan2((y1 - cy1) / ry, (x1 - cx1) / rx);
    let turn = Math.atan2((-y1 - cy1) / ry, (-x1 - cx1) / rx) - from;
    if (sweep && turn < 0) turn += 2 * Math.PI;
    if (!sweep && turn > 0) turn -= 2 * Math.PI;
    const steps = Math.max(2, Math.ceil(Math.abs(turn) * 4));
    for (let i = 1; i <= steps; i++) {
      const angle = from + turn * i / steps;
      const px = rx * Math.cos(angle), py = ry * Math.sin(angle);
      line(cos * px - sin * py + cx, sin * px + cos * py + cy);
    }
    line(toX, toY);
  }
}

function arcNumbers(text: string): number[] {
  const result: number[] = [];
  let rest = text;
  while (true) {
    const flag = result.length % 7 === 3 || result.length % 7 === 4;
    const match = (flag ? /^[\s,]*([01])/ : /^[\s,]*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/i)
      .exec(rest);
    if (!match) return result;
    result.push(Number(match[1]));
    rest = rest.slice(match[0].length);
  }
}
