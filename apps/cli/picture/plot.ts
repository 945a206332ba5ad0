/**
 * Draws the noise levels of a plan: sigma / alpha of each model call, on a logarithmic axis.
 *
 * @module
 */

import type { Rgb } from "./png.ts";

/** One model call. */
export interface PlotPoint {
  /** sigma / alpha; 0 and Infinity are drawn at the rim. */
  readonly level: number;
  /** Whether the step after it adds noise. */
  readonly noisy: boolean;
}

type Colour = readonly [r: number, g: number, b: number];

const INK: Colour = [40, 40, 48];
const FAINT: Colour = [226, 226, 232];
const CURVE: Colour = [30, 90, 200];
const NOISY: Colour = [214, 80, 40];

const WIDTH = 800, HEIGHT = 480, LEFT = 78, RIGHT = 24, TOP = 60, BOTTOM = 52;

// Letters of 3 x 5 points, a row per octal digit: 4 is the left point.
const GLYPHS: Readonly<Record<string, string>> = {
  "0": "75557",
  "1": "26227",
  "2": "71747",
  "3": "71717",
  "4": "55711",
  "5": "74717",
  "6": "74757",
  "7": "71122",
  "8": "75757",
  "9": "75717",
  "a": "25755",
  "b": "65656",
  "c": "34443",
  "d": "65556",
  "e": "74647",
  "f": "74644",
  "g": "34553",
  "h": "55755",
  "i": "72227",
  "j": "11152",
  "k": "55655",
  "l": "44447",
  "m": "57755",
  "n": "57775",
  "o": "25552",
  "p": "65644",
  "q": "25563",
  "r": "65655",
  "s": "34216",
  "t": "72222",
  "u": "55557",
  "v": "55552",
  "w": "55775",
  "x": "55255",
  "y": "55222",
  "z": "71247",
  ".": "00002",
  ",": "00024",
  "-": "00700",
  "+": "02720",
  "/": "11244",
  ":": "02020",
  "(": "12221",
  ")": "42224",
  "*": "05250",
};

class Canvas implements Rgb {
  readonly width = WIDTH;
  readonly height = HEIGHT;
  readonly data: Uint8Array = new Uint8Array(WIDTH * HEIGHT * 3).fill(255);

  rectangle(x: number, y: number, width: number, height: number, colour: Colour): void {
    for (let j = Math.max(0, Math.round(y)); j < Math.min(HEIGHT, Math.round(y + height)); j++) {
      for (let i = Math.max(0, Math.round(x)); i < Math.min(WIDTH, Math.round(x + width)); i++) {
        this.data.set(colour, (j * WIDTH + i) * 3);
      }
    }
  }

  line(x0: number, y0: number, x1: number, y1: number, colour: Colour): void {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(x1 - x0, y1 - y0)));
    for (let k = 0; k <= steps; k++) {
      const share = k / steps;
      this.rectangle(x0 + (x1 - x0) * share - 1, y0 + (y1 - y0) * share - 1, 2, 2, colour);
    }
  }

  /** Writes letters of `scale` pixels per point; `align` 0 begins, 0.5 centres, 1 ends at x. */
  text(words: string, x: number, y: number, scale = 2, align = 0): void {
    let left = x - align * (words.length * 4 - 1) * scale;
    for (const letter of words.toLowerCase()) {
      const rows = GLYPHS[letter] ?? "00000";
      for (let j = 0; j < 5; j++) {
        const bits = Number(rows[j]);
        for (let i = 0; i < 3; i++) {
          if (bits & (4 >> i)) {
            this.rectangle(left + i * scale, y + j * scale, scale, scale, INK);
          }
        }
      }
      left += 4 * scale;
    }
  }
}

function label(power: number): string {
  return power >= -2 && power <= 3 ? `${Number((10 ** power).toFixed(2))}` : `1e${power}`;
}

/** Draws the curve; the last point is where the run ends. */
export function plotLevels(points: readonly PlotPoint[], title: string): Rgb {
  const canvas = new Canvas();
  const finite = points.map((p) => p.level).filter((level) => level > 0 && level < Infinity);
  const low = Math.floor(Math.log10(Math.min(...finite, 1)));
  const high = Math.ceil(Math.log10(Math.max(...finite, 1.001)));
  const right = WIDTH - RIGHT, bottom = HEIGHT - BOTTOM;
  // Levels of 0 have no logarithm: they lie on the axis, half a decade below the smallest.
  const x = (i: number) => LEFT + (right - LEFT) * i / Math.max(1, points.length - 1);
  const y = (level: number) => {
    const power = Math.min(high, Math.max(low - 0.5, Math.log10(level)));
    return bottom - (bottom - TOP) * (power - low + 0.5) / (high - low + 0.5);
  };
  canvas.text(title, LEFT, 14, 2);
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power);
    canvas.rectangle(LEFT, at, right - LEFT, 1, FAINT);
    canvas.text(label(power), LEFT - 8, at - 5, 2, 1);
  }
  const calls = points.length - 1;
  const every = Math.max(1, Math.ceil(calls / 10));
  for (let i = 0; i <= calls; i += every) {
    canvas.rectangle(x(i), TOP, 1, bottom - TOP, FAINT);
    canvas.text(`${i}`, x(i), bottom + 10, 2, 0.5);
  }
  if (points.some((point) => point.level === 0)) canvas.text("0", LEFT - 8, bottom - 5, 2, 1);
  canvas.rectangle(LEFT, TOP, 2, bottom - TOP, INK);
  canvas.rectangle(LEFT, bottom, right - LEFT, 2, INK);
  canvas.text("model call", (LEFT + right) / 2, HEIGHT - 20, 2, 0.5);
  canvas.text("sigma/alpha", 8, TOP - 24, 2);
  points.forEach(({ level }, i) => {
    const next = points[i + 1];
    if (next) canvas.line(x(i), y(level), x(i + 1), y(next.level), CURVE);
  });
  points.forEach(({ level, noisy }, i) => {
    canvas.rectangle(x(i) - 4, y(level) - 4, 8, 8, noisy ? NOISY : CURVE);
  });
  if (points.some((point) => point.noisy)) {
    canvas.rectangle(right - 170, 15, 8, 8, NOISY);
    canvas.text("adds noise", right - 156, 14, 2);
  }
  return canvas;
}
