/**
 * Pictures between canvases, files and pipelines.
 *
 * @module
 */
import type { Picture } from "@shum/pipelines";

/** Paints an RGB picture over all of a canvas, smoothly. */
export function paint(canvas: HTMLCanvasElement, { width, height, data }: Picture): void {
  const pixels = new ImageData(width, height);
  for (let i = 0, j = 0; j < data.length; i += 4, j += 3) {
    pixels.data[i] = data[j]!;
    pixels.data[i + 1] = data[j + 1]!;
    pixels.data[i + 2] = data[j + 2]!;
    pixels.data[i + 3] = 255;
  }
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d")!.putImageData(pixels, 0, 0);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** A file as a square picture on white, its middle cut out. */
export async function readPicture(file: Blob, size: number): Promise<Picture> {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new TypeError("Cannot read the file: it is no picture that this browser knows");
  }
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d")!;
  context.fillStyle = "white";
  context.fillRect(0, 0, size, size);
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.drawImage(bitmap, left, top, side, side, 0, 0, size, size);
  bitmap.close();
  return { width: size, height: size, data: context.getImageData(0, 0, size, size).data };
}

/** What a canvas shows, as a PNG with texts, https://www.w3.org/TR/png-3/#11iTXt. */
export async function pngOf(
  canvas: HTMLCanvasElement,
  texts: Readonly<Record<string, string>>,
): Promise<Blob> {
  const blob = await new Promise<Blob>((resolve, reject) =>
    canvas.toBlob((made) => made ? resolve(made) : reject(new Error("Cannot make a PNG")))
  );
  const chunks = Object.entries(texts).map(([keyword, text]) =>
    chunk("iTXt", new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`))
  );
  const header = 8 + 25; // the signature and IHDR
  return new Blob([blob.slice(0, header), ...chunks, blob.slice(header)], { type: "image/png" });
}

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(body.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(body, 8);
  view.setUint32(body.length + 8, crc32(out.subarray(4, body.length + 8)));
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
