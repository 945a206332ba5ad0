/**
 * Pictures of numbers: a raster of RGB pixels with soft dots, lines, letters and pasted pictures, and panels
 * with coordinates of their own.
 *
 * @module
 */
import { Frame, GIF } from "imagescript";
import { BODY, CHARACTERS, type Font, HEAD } from "./_font.ts";
import { png } from "./_png.ts";

/** A colour, 0xRRGGBB. */
export type Colour = number;
export const INK = 0x26262e, FAINT = 0xd9d9e2, GREY = 0x8b8b99, PAPER = 0xffffff;
export const BLUE = 0x2f6fde,
  ORANGE = 0xe8743b,
  GREEN = 0x1f9d6b,
  PURPLE = 0x7a4fd0,
  RED = 0xd63b4a;

/** Pixels as the pipelines make and take them. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Something to draw on. */
export class Canvas {
  readonly pixels: Uint8ClampedArray;
  constructor(readonly width: number, readonly height: number) {
    this.pixels = new Uint8ClampedArray(3 * width * height).fill(255);
  }

  /** Mixes a colour into one pixel. */
  blend(x: number, y: number, colour: Colour, share: number): void {
    if (share <= 0 || x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = 3 * (y * this.width + x), s = Math.min(1, share);
    for (let c = 0; c < 3; c++) {
      this.pixels[at + c]! += s * ((colour >> (16 - 8 * c) & 255) - this.pixels[at + c]!);
    }
  }

  rectangle(x: number, y: number, w: number, h: number, colour: Colour, share = 1): void {
    for (let j = Math.round(y); j < Math.round(y + h); j++) {
      for (let i = Math.round(x); i < Math.round(x + w); i++) this.blend(i, j, colour, share);
    }
  }

  dot(x: number, y: number, radius: number, colour: Colour, share = 1): void {
    for (let j = Math.floor(y - radius - 1); j <= y + radius + 1; j++) {
      for (let i = Math.floor(x - radius - 1); i <= x + radius + 1; i++) {
        this.blend(i, j, colour, share * Math.min(1, radius + 0.5 - Math.hypot(i - x, j - y)));
      }
    }
  }

  line(x0: number, y0: number, x1: number, y1: number, colour: Colour, width = 1.5): void {
    const length = Math.hypot(x1 - x0, y1 - y0), reach = width / 2 + 1;
    const [ux, uy] = length > 0 ? [(x1 - x0) / length, (y1 - y0) / length] : [1, 0];
    for (let j = Math.floor(Math.min(y0, y1) - reach); j <= Math.max(y0, y1) + reach; j++) {
      for (let i = Math.floor(Math.min(x0, x1) - reach); i <= Math.max(x0, x1) + reach; i++) {
        const along = Math.max(0, Math.min(length, (i - x0) * ux + (j - y0) * uy));
        const away = Math.hypot(i - x0 - along * ux, j - y0 - along * uy);
        this.blend(i, j, colour, width / 2 + 0.5 - away);
      }
    }
  }

  /** Writes a line of text, its top left at (x, y); `align` 0.5 centres it there, 1 ends it there. */
  text(
    x: number,
    y: number,
    text: string,
    colour: Colour = INK,
    font: Font = BODY,
    align = 0,
  ): void {
    const codes = Array.from(text, (c) => Math.max(0, CHARACTERS.indexOf(c)));
    const { starts, strip, height } = font, row = starts.at(-1)!;
    const total = codes.reduce((sum, k) => sum + starts[k + 1]! - starts[k]!, 0);
    let left = Math.round(x - align * total);
    for (const k of codes) {
      for (let j = 0; j < height; j++) {
        for (let i = starts[k]!; i < starts[k + 1]!; i++) {
          this.blend(left + i - starts[k]!, Math.round(y) + j, colour, strip[j * row + i]! / 15);
        }
      }
      left += starts[k + 1]! - starts[k]!;
    }
  }

  heading(x: number, y: number, text: string, colour: Colour = INK): void {
    this.text(x, y, text, colour, HEAD);
  }

  /** Pastes a picture, as the mean of the pixels that fall together. */
  picture(
    { width, height, data }: Pixels,
    x: number,
    y: number,
    size: number,
    frame = FAINT,
  ): void {
    this.rectangle(x - 1, y - 1, size + 2, size + 2, frame);
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) {
        const [left, top] = [Math.floor(i * width / size), Math.floor(j * height / size)];
        const right = Math.max(left + 1, Math.floor((i + 1) * width / size));
        const bottom = Math.max(top + 1, Math.floor((j + 1) * height / size));
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let v = top; v < bottom; v++) {
            for (let u = left; u < right; u++) sum += data[3 * (v * width + u) + c]!;
          }
          this.pixels[3 * ((y + j) * this.width + x + i) + c] = sum /
            ((right - left) * (bottom - top));
        }
      }
    }
  }

  /** A part of the canvas with coordinates `x` and `y`, framed. */
  panel(left: number, top: number, w: number, h: number, x: Range, y: Range, title = ""): Panel {
    return new Panel(this, left, top, w, h, x, y, title);
  }

  /** Writes the picture as PNG. */
  async save(path: string): Promise<void> {
    await Deno.writeFile(path, png(this.width, this.height, this.pixels));
  }
}

type Range = readonly [from: number, to: number];

/** A part of a canvas; everything is given in its coordinates and cut at its frame. */
export class Panel {
  constructor(
    readonly canvas: Canvas,
    readonly left: number,
    readonly top: number,
    readonly w: number,
    readonly h: number,
    readonly x: Range,
    readonly y: Range,
    title: string,
  ) {
    for (
      const [a, b, c, d] of [[-1, -1, w + 1, -1], [-1, h, w + 1, h], [-1, -1, -1, h], [w, -1, w, h]]
    ) {
      canvas.line(left + a!, top + b!, left + c!, top + d!, FAINT, 1);
    }
    if (title) canvas.text(left, top - 22, title);
  }
  px(x: number): number {
    return this.left + (x - this.x[0]) / (this.x[1] - this.x[0]) * this.w;
  }
  py(y: number): number {
    return this.top + this.h - (y - this.y[0]) / (this.y[1] - this.y[0]) * this.h;
  }
  holds(x: number, y: number): boolean {
    return x >= this.x[0] && x <= this.x[1] && y >= this.y[0] && y <= this.y[1];
  }

  /** Shades the panel, `f(x, y)` from 0 to 1. */
  shade(f: (x: number, y: number) => number, colour: Colour = BLUE): void {
    for (let j = 0; j < this.h; j++) {
      for (let i = 0; i < this.w; i++) {
        const x = this.x[0] + (i + 0.5) / this.w * (this.x[1] - this.x[0]);
        const y = this.y[1] - (j + 0.5) / this.h * (this.y[1] - this.y[0]);
        this.canvas.blend(this.left + i, this.top + j, colour, f(x, y));
      }
    }
  }

  /** Dots at x0, y0, x1, y1, ... */
  dots(xy: ArrayLike<number>, colour: Colour | ((i: number) => Colour), radius = 1.6, share = 0.7) {
    for (let i = 0; i < xy.length / 2; i++) {
      const x = xy[2 * i]!, y = xy[2 * i + 1]!;
      if (!this.holds(x, y)) continue;
      const own = typeof colour === "function" ? colour(i) : colour;
      this.canvas.dot(this.px(x), this.py(y), radius, own, share);
    }
  }

  /** An arrow of (dx, dy) pixels. */
  arrow(x: number, y: number, dx: number, dy: number, colour: Colour = INK): void {
    const [a, b] = [this.px(x) - dx / 2, this.py(y) + dy / 2];
    const [c, d] = [a + dx, b - dy], back = Math.min(5, Math.hypot(dx, dy) / 2);
    const angle = Math.atan2(d - b, c - a);
    this.canvas.line(a, b, c, d, colour, 1.2);
    for (const side of [2.6, -2.6]) {
      const [u, v] = [c + back * Math.cos(angle + side), d + back * Math.sin(angle + side)];
      this.canvas.line(c, d, u, v, colour, 1.2);
    }
  }

  /** Arrows on a grid, `f` in pixels. */
  arrows(f: (x: number, y: number) => readonly [dx: number, dy: number], colour = INK, step = 0.4) {
    for (let x = this.x[0] + step / 2; x < this.x[1]; x += step) {
      for (let y = this.y[0] + step / 2; y < this.y[1]; y += step) {
        this.arrow(x, y, ...f(x, y), colour);
      }
    }
  }

  /** A curve through points, which leave the panel at its frame. */
  curve(xs: ArrayLike<number>, ys: ArrayLike<number>, colour: Colour, width = 2): void {
    const clip = (y: number) => Math.max(this.y[0], Math.min(this.y[1], y));
    for (let i = 1; i < xs.length; i++) {
      if (!Number.isFinite(ys[i - 1]!) || !Number.isFinite(ys[i]!)) continue;
      const [a, b] = [clip(ys[i - 1]!), clip(ys[i]!)];
      this.canvas.line(this.px(xs[i - 1]!), this.py(a), this.px(xs[i]!), this.py(b), colour, width);
    }
  }

  /** Numbers below and beside the panel, and what they count. */
  axes(xs: readonly number[], ys: readonly number[], labelX = "", labelY = ""): void {
    for (const x of xs) {
      this.canvas.line(this.px(x), this.top + this.h, this.px(x), this.top + this.h + 4, GREY, 1);
      this.canvas.text(this.px(x), this.top + this.h + 6, `${x}`, GREY, BODY, 0.5);
    }
    for (const y of ys) {
      this.canvas.line(this.left - 4, this.py(y), this.left, this.py(y), GREY, 1);
      this.canvas.text(this.left - 8, this.py(y) - 8, `${y}`.replace("-", "−"), GREY, BODY, 1);
    }
    const middle = this.left + this.w / 2;
    if (labelX) this.canvas.text(middle, this.top + this.h + 24, labelX, GREY, BODY, 0.5);
    if (labelY) this.canvas.text(this.left + 8, this.top + 4, labelY, GREY);
  }
}

function raster<Kind extends { readonly bitmap: Uint8Array | Uint8ClampedArray }>(
  { pixels }: Canvas,
  to: Kind,
): Kind {
  for (let i = 0; i < pixels.length / 3; i++) {
    to.bitmap.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
    to.bitmap[4 * i + 3] = 255;
  }
  return to;
}

/** Writes canvases of one size as a GIF that loops; the last one stays for a while. */
export async function saveGif(frames: readonly Canvas[], path: string, milliseconds = 150) {
  const stay = (i: number) => i === frames.length - 1 ? 2000 : milliseconds;
  const gif = frames.map((canvas, i) =>
    raster(canvas, new Frame(canvas.width, canvas.height, stay(i)))
  );
  await Deno.writeFile(path, await new GIF(gif, -1).encode(30));
}
