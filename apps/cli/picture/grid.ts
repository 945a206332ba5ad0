import type { Rgb } from "./png.ts";

/** Pictures side by side in rows, as near to a square as their number allows, on white. */
export function grid(pictures: readonly Rgb[], gap = 4): Rgb {
  if (pictures.length === 0) throw new RangeError("Cannot make a grid of 0 pictures");
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const cellWidth = Math.max(...pictures.map((picture) => picture.width));
  const cellHeight = Math.max(...pictures.map((picture) => picture.height));
  const width = columns * cellWidth + (columns - 1) * gap;
  const height = rows * cellHeight + (rows - 1) * gap;
  const data = new Uint8Array(width * height * 3).fill(255);
  pictures.forEach((picture, i) => {
    const left = (i % columns) * (cellWidth + gap);
    const top = Math.floor(i / columns) * (cellHeight + gap);
    const row = picture.width * 3;
    for (let y = 0; y < picture.height; y++) {
      data.set(
        picture.data.subarray(y * row, (y + 1) * row),
        ((top + y) * width + left) * 3,
      );
    }
  });
  return { width, height, data };
}
