/**
 * Plots: the noise levels of a plan, and the terms of a variational bound.
 *
 * @module
 */

import { Canvas, type Colour, INK } from "./canvas.ts";
import type { Rgb } from "./png.ts";

/** One model call. */
export interface PlotPoint {
  /** sigma / alpha; 0 and Infinity are drawn at the rim. */
  readonly level: number;
  /** Whether the step after it adds noise. */
  readonly noisy: boolean;
}

const FAINT: Colour = [226, 226, 232];
const CURVE: Colour = [30, 90, 200];
const NOISY: Colour = [214, 80, 40];

const WIDTH = 800, HEIGHT = 480, LEFT = 78, RIGHT = 24, TOP = 60, BOTTOM = 52;

function label(power: number): string {
  return power >= -2 && power <= 3 ? `${Number((10 ** power).toFixed(2))}` : `1e${power}`;
}

/** Draws the curve; the last point is where the run ends. */
export function plotLevels(points: readonly PlotPoint[], title: string): Rgb {
  const canvas = new Canvas(WIDTH, HEIGHT);
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

/** What {@linkcode plotTerms} draws, in bits per dimension. */
export interface BoundTerms {
  readonly total: number;
  readonly prior: number;
  readonly terms: ArrayLike<number>;
  readonly decoder: number;
}

/** Draws the terms of a bound as bars from the noisiest level to the cleanest, prior and decoder at the ends. */
export function plotTerms({ total, prior, terms, decoder }: BoundTerms, of: string): Rgb {
  const canvas = new Canvas(WIDTH, HEIGHT);
  const bars = [prior, ...Array.from(terms), decoder];
  const high = Math.max(...Array.from(terms), prior, 0),
    low = Math.min(decoder, ...Array.from(terms), 0);
  // The decoder of latents is a density of many negative bits: it is written, not drawn to scale.
  const floor = Math.max(low, -high / 2), right = WIDTH - RIGHT, bottom = HEIGHT - BOTTOM;
  const top = Math.max(high, Math.min(decoder, 2 * high)) * 1.05 || 1;
  const y = (bits: number) =>
    bottom - (bottom - TOP) * (Math.min(top, Math.max(floor, bits)) - floor) / (top - floor);
  const wide = (right - LEFT) / bars.length;
  canvas.text(`bound ${total.toFixed(3)} bits per dimension of ${of}`, LEFT, 14, 2);
  canvas.text("bits", 8, TOP - 24, 2);
  for (let k = 0; k <= 4; k++) {
    const bits = floor + (top - floor) * k / 4;
    canvas.rectangle(LEFT, y(bits), right - LEFT, 1, FAINT);
    canvas.text(bits.toFixed(3), LEFT - 8, y(bits) - 5, 2, 1);
  }
  bars.forEach((value, i) => {
    const isEnd = i === 0 || i === bars.length - 1;
    const [from, to] = [y(Math.max(0, value)), y(Math.min(0, value))];
    canvas.rectangle(
      LEFT + i * wide,
      from,
      Math.max(1, wide - 1),
      to - from,
      isEnd ? NOISY : CURVE,
    );
  });
  canvas.rectangle(LEFT, TOP, 2, bottom - TOP, INK);
  canvas.rectangle(LEFT, y(0), right - LEFT, 2, INK);
  canvas.text(`prior ${prior.toFixed(3)}`, LEFT, bottom + 10, 2);
  const cut = decoder < floor || decoder > top ? " (cut)" : "";
  canvas.text(`decoder ${decoder.toFixed(3)}${cut}`, right, bottom + 10, 2, 1);
  canvas.text("noisiest level to cleanest", (LEFT + right) / 2, HEIGHT - 20, 2, 0.5);
  return canvas;
}
