/**
 * Colours: the twelve names, and OKLab (Ottosson 2020), in which shades are shifted.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** The colour names that captions use. */
export type ColorId =
  | "black"
  | "white"
  | "gray"
  | "red"
  | "orange"
  | "yellow"
  | "green"
  | "blue"
  | "purple"
  | "pink"
  | "brown"
  | "turquoise";

/** What each name looks like. */
export const PALETTE: Readonly<Record<ColorId, string>> = {
  black: "#232326",
  white: "#f8f8f8",
  gray: "#92969c",
  red: "#e0252b",
  orange: "#f68b1e",
  yellow: "#fbd32d",
  green: "#3fae49",
  blue: "#2f6fe0",
  purple: "#8a3fc4",
  pink: "#f88bbd",
  brown: "#8a5530",
  turquoise: "#25c5c0",
};

/** The twelve names, in palette order. */
export const COLORS: readonly ColorId[] = Object.keys(PALETTE) as ColorId[];

/** Eye colours; gray is left out because it reads as a faded black or a dirty white. */
export const EYE_COLORS: readonly ColorId[] = COLORS.filter((color) => color !== "gray");

/** Lightness 0 to 1, chroma, hue in radians. */
export interface Oklch {
  readonly l: number;
  readonly c: number;
  readonly h: number;
}

const NAMED: Readonly<Record<string, string>> = {
  black: "#000000",
  white: "#ffffff",
  red: "#ff0000",
  gold: "#ffd700",
  gray: "#808080",
  grey: "#808080",
  silver: "#c0c0c0",
  blue: "#0000ff",
  green: "#008000",
  yellow: "#ffff00",
  orange: "#ffa500",
};

/** `#abc`, `#aabbcc` or one of the few names that occur, to `[r, g, b]` in 0 to 255; else undefined. */
export function parseColor(text: string): [number, number, number] | undefined {
  let hex = NAMED[text] ?? text;
  if (/^#[0-9a-f]{3}$/i.test(hex)) hex = "#" + [...hex.slice(1)].map((x) => x + x).join("");
  if (!/^#[0-9a-f]{6}$/i.test(hex)) return undefined;
  const n = parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

const toLinear = (x: number) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
const toGamma = (x: number) => x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055;

/** sRGB (0 to 255) to OKLab in polar form. */
export function toOklch([r8, g8, b8]: readonly [number, number, number]): Oklch {
  const r = toLinear(r8 / 255), g = toLinear(g8 / 255), b = toLinear(b8 / 255);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const A = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const B = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  return {
    l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    c: Math.hypot(A, B),
    h: Math.atan2(B, A),
  };
}

/** OKLab in polar form to `#rrggbb`; chroma shrinks until the colour exists in sRGB. */
export function toHex({ l, c, h }: Oklch): string {
  for (let chroma = c;; chroma *= 0.95) {
    const A = chroma * Math.cos(h), B = chroma * Math.sin(h);
    const L = (l + 0.3963377774 * A + 0.2158037573 * B) ** 3;
    const M = (l - 0.1055613458 * A - 0.0638541728 * B) ** 3;
    const S = (l - 0.0894841775 * A - 1.291485548 * B) ** 3;
    const rgb = [
      4.0767416621 * L - 3.3077115913 * M + 0.2309699292 * S,
      -1.2684380046 * L + 2.6097574011 * M - 0.3413193965 * S,
      -0.0041960863 * L - 0.7034186147 * M + 1.707614701 * S,
    ];
    if (chroma < 1e-3 || rgb.every((x) => x > -0.002 && x < 1.002)) {
      const byte = (x: number) => Math.round(255 * toGamma(Math.min(1, Math.max(0, x))));
      return "#" + rgb.map((x) => byte(x).toString(16).padStart(2, "0")).join("");
    }
  }
}

/** The named colour, moved by a little that no one would name differently. */
export function jittered(color: ColorId, random: Random): Oklch {
  const { l, c, h } = toOklch(parseColor(PALETTE[color])!);
  return {
    l: Math.min(0.985, l + random.between(-0.02, 0.02)),
    c: c < 0.03 ? c : c * random.between(0.92, 1.06),
    h: h + random.between(-0.05, 0.05),
  };
}

/** The smaller angle between two hues, in radians. */
export function hueDistance(a: number, b: number): number {
  const d = Math.abs(a - b) % (2 * Math.PI);
  return Math.min(d, 2 * Math.PI - d);
}
