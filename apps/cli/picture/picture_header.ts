/**
 * What a picture file says of itself before anything is unpacked, and the bounds on it: a file of a
 * few kilobytes can ask for gigabytes of pixels, text or work.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { inflateSync } from "node:zlib";
import { isPng, pngChunk, pngChunks } from "./png.ts";

/** The most pixels that a picture may have: 8192 x 8192. */
export const MAX_PIXELS = 1 << 26;
/** The largest picture file that is read. */
export const MAX_FILE_BYTES = 1 << 28;
/** Scans of a progressive JPEG; encoders write about ten. Each passes over all pixels. */
const MAX_SCANS = 64;
/** Pixels times scans. */
const MAX_SCANNED_PIXELS = 1 << 30;
/**
 * Pixels per byte of compressed data. A JPEG has 2 bits at least for 8 x 8 pixels of one colour; a file
 * of a few bytes that claims millions of pixels costs seconds, and is none.
 */
const MAX_PIXELS_PER_BYTE = 512;

/** The formats that are read. */
export type PictureFormat = "png" | "jpg" | "gif";

/** A picture file that may be decoded: nothing in it asks for more than its header says. */
export interface CheckedPicture {
  readonly format: PictureFormat;
  readonly width: number;
  readonly height: number;
  /** The file without what pixels do not need: later frames, texts, profiles. */
  readonly bytes: Uint8Array;
}

/** Formats that are not read, and how they begin: some bytes at a place. */
const NOT_READ: readonly (readonly [name: string, at: number, bytes: string])[] = [
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["WebP", 8, "WEBP"],
  ["BMP", 0, "BM"],
  ["AVIF or HEIC", 4, "ftyp"],
  ["JPEG XL", 4, "JXL "],
  ["JPEG XL", 0, "\xff\x0a"],
  ["SVG", 0, "<svg"],
  ["SVG", 0, "<?xml"],
];

/**
 * Checks a picture file by its own structure.
 *
 * @param bytes The whole file.
 * @returns What may be decoded.
 * @throws {SyntaxError} If it is of another format, cut short or damaged.
 * @throws {RangeError} If it would take more memory or time than a picture should.
 */
export function checkPicture(bytes: Uint8Array): CheckedPicture {
  if (bytes.length === 0) throw new SyntaxError("it is empty");
  if (bytes.length > MAX_FILE_BYTES) {
    throw new RangeError(`it has ${bytes.length} bytes, more than ${MAX_FILE_BYTES}`);
  }
  if (isPng(bytes)) return checkPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return checkJpeg(bytes);
  const start = String.fromCharCode(...bytes.subarray(0, 32));
  if (/^GIF8[79]a/.test(start)) return checkGif(bytes);
  const other = NOT_READ.find(([, at, magic]) => start.startsWith(magic, at));
  throw new SyntaxError(
    other ? `it is ${other[0]}, which is not read here: convert it to PNG` : "it is no picture",
  );
}

function checkSize(width: number, height: number): void {
  if (width === 0 || height === 0) {
    throw new SyntaxError(`it has ${width}x${height} pixels`);
  }
  if (width * height > MAX_PIXELS) {
    throw new RangeError(`it has ${width}x${height} pixels, more than ${MAX_PIXELS}`);
  }
}

/** Samples per pixel by PNG's colour type. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function checkPng(bytes: Uint8Array): CheckedPicture {
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const pixels: Uint8Array[] = [];
  let header: Uint8Array | undefined;
  for (const { type, body } of pngChunks(bytes)) {
    if (type === "IHDR" && header === undefined) {
      if (body.length !== 13) throw new SyntaxError("the PNG is damaged (its header)");
      header = body;
      const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
      checkSize(view.getUint32(0), view.getUint32(4));
    } else if (header === undefined) {
      throw new SyntaxError("the PNG is damaged (it does not begin with its header)");
    }
    if (type === "IDAT") pixels.push(body);
    if (/^(IHDR|PLTE|tRNS|IDAT|IEND)$/.test(type)) kept.push(pngChunk(type, body));
  }
  if (header === undefined || pixels.length === 0) throw new SyntaxError("the PNG is cut short");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const samples = SAMPLES[header[9]!];
  if (samples === undefined || ![1, 2, 4, 8, 16].includes(header[8]!)) {
    throw new SyntaxError("the PNG is damaged (its header)");
  }
  // Rows with a filter byte each; interlaced, seven smaller pictures of as many pixels.
  const row = Math.ceil(width * samples * header[8]! / 8) + 1;
  const most = header[12] === 0 ? row * height : 2 * row * (height + 8);
  let size: number;
  try {
    size = inflateSync(Buffer.concat(pixels), { maxOutputLength: most }).length;
  } catch (error) {
    const bomb = (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
    throw new SyntaxError(
      bomb
        ? `the PNG unpacks to more than the ${width}x${height} pixels of its header`
        : "the PNG is damaged (its pixels cannot be unpacked)",
    );
  }
  if (header[12] === 0 && size < most) {
    throw new SyntaxError(
      `the PNG is cut short: it unpacks to ${size} bytes, less than its ${width}x${height} pixels`,
    );
  }
  return { format: "png", width, height, bytes: Buffer.concat(kept) };
}

function checkJpeg(bytes: Uint8Array): CheckedPicture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: readonly [width: number, height: number] | undefined;
  let scans = 0;
  let compressed = 0;
  let at = 2;
  while (at + 2 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new SyntaxError("the JPEG is damaged (a marker is missing)");
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++; // fill bytes
      continue;
    }
    if (marker === 0xd9) break;
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    if (at + 4 > bytes.length) break;
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) {
      throw new SyntaxError("the JPEG is cut short");
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (size) throw new SyntaxError("the JPEG is damaged (it has two headers)");
      if (length < 8) throw new SyntaxError("the JPEG is damaged (its header)");
      size = [view.getUint16(at + 7), view.getUint16(at + 5)];
      checkSize(...size);
    }
    at += 2 + length;
    if (marker !== 0xda) continue;
    scans++;
    // Entropy-coded data: up to the next marker that is neither a stuffed zero nor a restart.
    const begin = at;
    for (at = bytes.indexOf(0xff, at); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
      const next = bytes[at + 1];
      if (next !== 0 && next !== 0xff && !(next! >= 0xd0 && next! <= 0xd7)) break;
    }
    compressed += (at < 0 ? bytes.length : at) - begin;
    if (at < 0) break;
  }
  if (!size || scans === 0) throw new SyntaxError("the JPEG is cut short: it has no pixels");
  const [width, height] = size;
  if (scans > MAX_SCANS || scans * width * height > MAX_SCANNED_PIXELS) {
    throw new RangeError(
      `the JPEG passes over its ${width}x${height} pixels ${scans} times, more than a picture needs`,
    );
  }
  if (width * height > MAX_PIXELS_PER_BYTE * compressed) {
    throw new SyntaxError(
      `the JPEG is cut short: ${compressed} bytes are too few for ${width}x${height} pixels`,
    );
  }
  return { format: "jpg", width, height, bytes };
}

function checkGif(bytes: Uint8Array): CheckedPicture {
  const cut = () => new SyntaxError("the GIF is cut short");
  if (bytes.length < 14) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  checkSize(width, height);
  const table = (flags: number) => flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
  const pastBlocks = (at: number): number => {
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at]!;
    if (at >= bytes.length) throw cut();
    return at + 1;
  };
  for (let at = 13 + table(bytes[10]!); at < bytes.length;) {
    if (bytes[at] === 0x21) at = pastBlocks(at + 2);
    else if (bytes[at] === 0x2c) {
      if (at + 11 > bytes.length) throw cut();
      const [x, y, w, h] = [1, 3, 5, 7].map((i) => view.getUint16(at + i, true)) as [
        number,
        number,
        number,
        number,
      ];
      if (w === 0 || h === 0 || x + w > width || y + h > height) {
        throw new SyntaxError(
          `the GIF is damaged: its first frame lies outside its ${width}x${height} pixels`,
        );
      }
      // The first frame is the picture; the rest would be unpacked for nothing.
      const end = pastBlocks(at + 11 + table(bytes[at + 9]!));
      return {
        format: "gif",
        width,
        height,
        bytes: Buffer.concat([bytes.subarray(0, end), Uint8Array.of(0x3b)]),
      };
    } else break;
  }
  throw cut();
}
