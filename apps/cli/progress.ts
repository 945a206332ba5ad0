/**
 * How far things are: one line that redraws itself on a terminal, a few plain lines elsewhere.
 *
 * @module
 */

import { printable, printableLine } from "./printable.ts";

/** Where progress is written. */
export interface Screen {
  write(text: string): void;
  /** Whether lines can be redrawn. */
  readonly terminal: boolean;
  readonly columns: number;
}

/** Standard error, so that standard output holds results only. */
export function standardError(): Screen {
  const encoder = new TextEncoder();
  const terminal = Deno.stderr.isTerminal();
  let columns = 80;
  try {
    columns = Deno.consoleSize().columns;
  } catch {
    // no terminal to ask
  }
  return {
    write(text: string): void {
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
      } catch {
        // Whoever read it has gone; that is no reason to stop.
      }
    },
    terminal,
    columns,
  };
}

/** Seconds as a person says them: `4.2 s`, `1:05`, `2:00:00`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (n: number) => `${n}`.padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (whole < 60) return `${whole} s`;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** Bytes as a person says them. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let n = bytes, unit = 0;
  for (; n >= 1000 && unit < units.length - 1; unit++) n /= 1000;
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

/** `1 picture`, `2 pictures`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

const BAR = 24;
const REDRAW_MS = 50;
const PLAIN_FIRST_MS = 2000; // a run shorter than this gets one line
const PLAIN_MS = 10_000;

/** Something that is counted up: steps of a picture, bytes of a download. */
export class Progress {
  readonly #screen: Screen;
  readonly #now: () => number;
  #label = "";
  #total = 0;
  #done = 0;
  #started = 0;
  #first: { readonly done: number; readonly at: number } | undefined;
  #shown = -Infinity;
  #unit = "step";
  #open = false;
  #lines = 0; // plain lines written since the start
  #picture = 0; // terminal rows of the preview above the bar

  /** Writes to a screen; the clock is in milliseconds. */
  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  /** Begins to count towards `total`. */
  start(label: string, total: number, unit: "step" | "bytes" = "step"): void {
    this.end();
    this.#label = printableLine(label);
    this.#total = total;
    this.#unit = unit;
    this.#done = 0;
    this.#started = this.#now();
    this.#first = undefined;
    this.#lines = 0;
    this.#shown = -Infinity;
    this.#open = true;
    this.#draw();
  }

  /** Says how much is done. */
  update(done: number, total = this.#total): void {
    if (!this.#open) return;
    this.#done = done;
    this.#total = total;
    if (done > 0) this.#first ??= { done, at: this.#now() };
    const plain = this.#lines === 0 ? PLAIN_FIRST_MS : PLAIN_MS;
    const every = this.#screen.terminal ? REDRAW_MS : plain;
    if (done >= total || this.#now() - this.#shown >= every) this.#draw();
  }

  /** Draws a picture above the bar, on a terminal. */
  picture(rows: readonly string[]): void {
    if (!this.#screen.terminal) return;
    const up = this.#picture > 0 ? `\x1b[${this.#picture}A` : "";
    this.#screen.write(`\r\x1b[K${up}${rows.map((row) => `${row}\x1b[K\n`).join("")}`);
    this.#picture = rows.length;
    this.#draw();
  }

  /** Writes a line without disturbing the bar. */
  note(text: string): void {
    const clear = this.#open && this.#screen.terminal ? "\r\x1b[K" : "";
    this.#screen.write(`${clear}${printable(text)}\n`);
    this.#picture = 0;
    if (this.#open && this.#screen.terminal) this.#draw();
  }

  /** Stops counting; the last state stays on the screen. */
  end(): void {
    if (this.#open && this.#screen.terminal) this.#screen.write("\n");
    this.#open = false;
    this.#picture = 0;
  }

  #draw(): void {
    const now = this.#now();
    const [done, total] = [this.#done, this.#total];
    const seconds = (now - this.#started) / 1000;
    const share = total > 0 ? Math.min(1, done / total) : 1;
    // Seconds per step or byte. The first one waits for the model to load: later ones tell more.
    const first = this.#first;
    const pace = first !== undefined && done > first.done
      ? (now - first.at) / 1000 / (done - first.done)
      : done > 0
      ? seconds / done
      : 0;
    const parts: string[] = [];
    if (this.#unit === "bytes") {
      parts.push(`${size(done)} of ${size(total)}`);
      if (seconds > 0.5 && pace > 0) parts.push(`${size(1 / pace)}/s`);
    } else {
      parts.push(`${done}/${total}`);
      if (pace > 0) {
        parts.push(pace >= 1 ? `${pace.toFixed(2)} s/step` : `${(1 / pace).toFixed(1)} steps/s`);
      }
    }
    if (share === 1) parts.push(duration(seconds));
    else if (pace > 0) parts.push(`ETA ${duration(pace * (total - done))}`);
    this.#shown = now;
    if (!this.#screen.terminal) {
      if (done === 0) return;
      this.#screen.write(`${this.#label}: ${parts.join(", ")}\n`);
      this.#lines++;
      return;
    }
    const filled = Math.round(share * BAR);
    const bar = "━".repeat(filled) + "─".repeat(BAR - filled);
    const line = `${this.#label} ${bar} ${parts.join("  ")}`;
    this.#screen.write(`\r\x1b[K${line.slice(0, Math.max(20, this.#screen.columns - 1))}`);
  }
}
