/**
 * PNG of RGB pixels, each row as differences (PNG 1.2, 6): smaller than with an alpha channel.
 *
 * @module
 */
import { crc32, deflateSync } from "node:zlib";

/** The file of a picture with three bytes per pixel. */
export function png(width: number, height: number, rgb: Uint8ClampedArray): Uint8Array {
  const row = 3 * width, filtered = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) {
    const value = (i: number, up: number) => i < 0 || y < up ? 0 : rgb[(y - up) * row + i]!;
    let least = Infinity;
    for (const filter of [0, 1, 2, 4]) {
      const line = new Uint8Array(row);
      let sum = 0;
      for (let i = 0; i < row; i++) {
        const a = value(i - 3, 0), b = value(i, 1), c = value(i - 3, 1), p = a + b - c;
        const [da, db, dc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
        const paeth = da <= db && da <= dc ? a : db <= dc ? b : c;
        line[i] = value(i, 0) - [0, a, b, 0, paeth][filter]!;
        sum += Math.min(line[i]!, 256 - line[i]!);
      }
      if (sum >= least) continue;
      least = sum;
      filtered[y * (row + 1)] = filter;
      filtered.set(line, y * (row + 1) + 1);
    }
  }
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2], 8); // 8 bits, RGB
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  const body = deflateSync(filtered, { level: 9 });
  return new Uint8Array([
    ...signature,
    ...chunk("IHDR", header),
    ...chunk("IDAT", body),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length), view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}
