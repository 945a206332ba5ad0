import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { grid } from "./picture/grid.ts";
import { seamMask } from "./picture/input_picture.ts";
import { outputSize } from "./picture/input_picture.ts";
import { blurred, maskOf, pasteBack } from "./picture/mask.ts";
import { plotLevels } from "./picture/plot.ts";
import type { Rgb } from "./picture/png.ts";
import { latentPicture, shrink, terminalRows } from "./picture/preview.ts";
import { duration, Progress, size } from "./progress.ts";

function screen(terminal: boolean, columns = 80) {
  const written: string[] = [];
  return { terminal, columns, written, write: (text: string) => void written.push(text) };
}

Deno.test("on a terminal one line redraws itself, with pace and ETA", () => {
  let now = 0;
  const out = screen(true);
  const progress = new Progress(out, () => now);
  progress.start("seed 1", 4);
  now = 3000; // the first step also loads the model
  progress.update(1);
  now = 5000;
  progress.update(2);
  const bar = "━".repeat(12) + "─".repeat(12);
  assertEquals(out.written.at(-1), `\r\x1b[Kseed 1 ${bar} 2/4  2.00 s/step  ETA 4.0 s`);
  now = 9000;
  progress.update(4);
  assertStringIncludes(out.written.at(-1)!, "4/4  2.00 s/step  9.0 s");
  progress.end();
  assertEquals(out.written.at(-1), "\n");
});

Deno.test("elsewhere lines are plain and few", () => {
  let now = 0;
  const out = screen(false);
  const progress = new Progress(out, () => now);
  progress.start("seed 1", 100);
  for (let i = 1; i <= 100; i++) {
    now += 500;
    progress.update(i);
  }
  progress.end();
  assert(out.written.length <= 7, `${out.written.length} lines`);
  assert(out.written.every((line) => line.endsWith("\n") && !line.includes("\x1b")));
  assertEquals(out.written.at(-1), "seed 1: 100/100, 2.0 steps/s, 50 s\n");
});

Deno.test("a line never exceeds the terminal, and notes keep the bar", () => {
  const out = screen(true, 40);
  const progress = new Progress(out, () => 0);
  progress.start("a very long label for a very small terminal", 3);
  assert(out.written.at(-1)!.replace("\r\x1b[K", "").length < 40);
  progress.note("hello");
  assertEquals(out.written.at(-2), "\r\x1b[Khello\n");
  progress.picture(["ab", "cd"]);
  progress.picture(["ef", "gh"]);
  assert(out.written.some((text) => text.startsWith("\r\x1b[K\x1b[2A")));
});

Deno.test("duration() and size() speak as people do", () => {
  assertEquals([0.04, 9.96, 42.4, 65, 7325].map(duration), [
    "0.0 s",
    "10.0 s",
    "42 s",
    "1:05",
    "2:02:05",
  ]);
  assertEquals([12, 1500, 3.4e9].map(size), ["12 B", "1.5 kB", "3.4 GB"]);
});

const flat = (width: number, height: number, value: number): Rgb => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

Deno.test("terminalRows() shows two pixels per letter and fits the terminal", () => {
  const rows = terminalRows(flat(100, 50, 200), 41);
  assertEquals(rows.length, 10);
  assertEquals(rows[0]!.split("▀").length - 1, 40);
  assertStringIncludes(rows[0]!, "\x1b[38;2;200;200;200m\x1b[48;2;200;200;200m▀");
  assert(rows[0]!.endsWith("\x1b[0m"));
  assertEquals(shrink(flat(7, 3, 9), 100, 100).data.length, 7 * 3 * 3);
});

Deno.test("latentPicture() shows pixels as they are and spreads latents over their range", () => {
  const pixels = latentPicture(Float32Array.of(-1, 0, 1), [1, 3, 1, 1]);
  assertEquals([...pixels.data], [0, 128, 255]);
  const x0 = new Float32Array(2 * 4 * 4).map((_, i) => i >= 16 ? (i % 2) * 100 : 0);
  const second = latentPicture(x0, [2, 4, 2, 2], 1);
  assertEquals([...second.data], [64, 64, 64, 191, 191, 191, 64, 64, 64, 191, 191, 191]);
});

Deno.test("grid() lays pictures out in rows on white", () => {
  const sheet = grid([flat(2, 2, 1), flat(2, 2, 2), flat(2, 2, 3)], 1);
  assertEquals([sheet.width, sheet.height], [5, 5]);
  const at = (x: number, y: number) => sheet.data[(y * 5 + x) * 3];
  assertEquals([at(0, 0), at(2, 0), at(3, 0), at(0, 3), at(3, 3)], [1, 255, 2, 3, 255]);
});

Deno.test("maskOf() reads brightness and transparency, inverted if asked", () => {
  const picture = {
    width: 3,
    height: 1,
    data: Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 0),
  };
  assertEquals([...maskOf(picture).data], [255, 0, 0]);
  assertEquals([...maskOf(picture, true).data], [0, 255, 255]);
});

Deno.test("blurred() keeps flat areas and the mean of an edge", () => {
  const mask = {
    width: 32,
    height: 4,
    data: new Uint8Array(128).map((_, i) => i % 32 < 16 ? 0 : 255),
  };
  const soft = blurred(mask, 3);
  assertEquals([soft.data[0], soft.data[31]], [0, 255]);
  assert(Math.abs(soft.data[15]! + soft.data[16]! - 255) <= 1);
  for (let x = 1; x < 32; x++) assert(soft.data[x]! >= soft.data[x - 1]!);
  assertEquals(blurred(mask, 0), mask);
});

Deno.test("outside the mask every pixel stays as it was, inside far from the seam none does", () => {
  const data = new Uint8Array(32 * 32).map((_, i) => i % 32 < 16 ? 100 : 200); // grey: below, above 128
  const seam = seamMask({ width: 32, height: 32, data }, { maskBlur: 3 });
  const result = pasteBack(flat(32, 32, 240), flat(32, 32, 10), seam);
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 16; x++) assertEquals(result.data[(y * 32 + x) * 3], 10);
    assertEquals(result.data[(y * 32 + 31) * 3], 240);
    for (let x = 17; x < 32; x++) {
      assert(result.data[(y * 32 + x) * 3]! >= result.data[(y * 32 + x - 1) * 3]!);
    }
  }
});

Deno.test("outputSize() keeps the picture's proportions at the model's number of pixels", () => {
  const defaults = { width: 512, height: 512 };
  assertEquals(outputSize({}, undefined, defaults), defaults);
  assertEquals(outputSize({}, flat(320, 256, 0), defaults), { width: 320, height: 256 });
  assertEquals(outputSize({}, { width: 4000, height: 2000, data: new Uint8Array() }, defaults), {
    width: 704,
    height: 384,
  });
  assertEquals(outputSize({ width: 64 }, flat(320, 256, 0), defaults), { width: 64, height: 512 });
});

Deno.test("plotLevels() draws levels from high to low, zero and noise included", () => {
  const points = [10, 1, 0.1, 0].map((level, i) => ({ level, noisy: i === 1 }));
  const picture = plotLevels(points, "test");
  const rows = (test: (r: number, g: number, b: number) => boolean) => {
    const found: number[] = [];
    for (let i = 0; i < picture.data.length; i += 3) {
      const [r, g, b] = picture.data.subarray(i, i + 3);
      if (test(r!, g!, b!)) found.push(Math.floor(i / 3 / picture.width));
    }
    return found;
  };
  const blue = rows((r, g, b) => b > 180 && r < 60 && g < 120);
  const orange = rows((r, g, b) => r > 200 && g < 100 && b < 60);
  assert(Math.min(...blue) < 120 && Math.max(...blue) > 400);
  assert(orange.length >= 64);
  for (const extreme of [[], [{ level: Infinity, noisy: false }], [{ level: 0, noisy: false }]]) {
    assertEquals(plotLevels(extreme, "").width, picture.width);
  }
});
