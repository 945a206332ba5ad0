/**
 * A picture to draw on: rectangles, lines, small letters.
 *
 * @module
 */

import type { Rgb } from "./png.ts";

/** Red, green, blue; 0 to 255. */
export type Colour = readonly [r: number, g: number, b: number];

/** What letters are drawn in. */
export const INK: Colour = [40, 40, 48];

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
  "n": "65555",
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
  "_": "00007",
  "+": "02720",
  "/": "11244",
  ":": "02020",
  "(": "12221",
  ")": "42224",
  "*": "05250",
};

/** A white picture to draw on. */
export class Canvas implements Rgb {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3).fill(255);
  }

  rectangle(x: number, y: number, width: number, height: number, colour: Colour): void {
    for (
      let j = Math.max(0, Math.round(y));
      j < Math.min(this.height, Math.round(y + height));
      j++
    ) {
      for (
        let i = Math.max(0, Math.round(x));
        i < Math.min(this.width, Math.round(x + width));
        i++
      ) {
        this.data.set(colour, (j * this.width + i) * 3);
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
