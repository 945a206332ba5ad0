/**
 * PNG: RGB pictures with text chunks. imagescript reads PNG, but writes every picture with an alpha
 * channel, takes damaged files for good ones, and knows nothing of text; so this is ours.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { crc32, deflateSync, inflateSync } from "node:zlib";

/** Pixels in rows from the top left, 3 bytes (RGB) each. */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** One chunk of a PNG: length, type, body, checksum. */
export function pngChunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Pixels as differences, the filter of each row chosen by the smallest sum (PNG 1.2, 9.6). */
function filtered({ width, height, data }: Rgb): Uint8Array {
  const row = width * 3;
  const out = new Uint8Array((row + 1) * height);
  const zero = new Uint8Array(row);
  const trial = new Uint8Array(row);
  for (let y = 0; y < height; y++) {
    const current = data.subarray(y * row, (y + 1) * row);
    const above = y === 0 ? zero : data.subarray((y - 1) * row, y * row);
    const at = y * (row + 1);
    let best = Infinity;
    for (let filter = 0; filter < 5; filter++) {
      let sum = 0;
      for (let i = 0; i < row; i++) {
        const a = i < 3 ? 0 : current[i - 3]!;
        const b = above[i]!;
        let guess = 0;
        if (filter === 1) guess = a;
        else if (filter === 2) guess = b;
        else if (filter === 3) guess = (a + b) >> 1;
        else if (filter === 4) {
          const c = i < 3 ? 0 : above[i - 3]!;
          const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
          guess = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        }
        const difference = (current[i]! - guess) & 255;
        trial[i] = difference;
        sum += difference < 128 ? difference : 256 - difference;
      }
      if (sum >= best) continue;
      best = sum;
      out[at] = filter;
      out.set(trial, at + 1);
    }
  }
  return out;
}

const latin1 = (text: string): boolean => /^[\0-\xff]*$/.test(text);

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** tEXt where the text is Latin-1, as readers expect; iTXt, which is UTF-8, where it is not. */
function textChunk(keyword: string, text: string): Uint8Array {
  const key = latin1Bytes(keyword);
  if (latin1(text)) return pngChunk("tEXt", concat([key, Uint8Array.of(0), latin1Bytes(text)]));
  return pngChunk(
    "iTXt",
    concat([key, Uint8Array.of(0, 0, 0, 0, 0), new TextEncoder().encode(text)]),
  );
}

/** Encodes a picture, with texts by keyword before the pixels. */
export function encodePng(
  picture: Rgb,
  texts: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, picture.width);
  view.setUint32(4, picture.height);
  header.set([8, 2], 8); // 8 bits per sample, truecolour
  return concat([
    SIGNATURE,
    pngChunk("IHDR", header),
    ...Object.entries(texts).map(([keyword, text]) => textChunk(keyword, text)),
    pngChunk("IDAT", deflateSync(filtered(picture))),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

/** Whether bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The chunks of a PNG.
 *
 * @throws {SyntaxError} The file is cut short or a checksum is wrong.
 */
export function* pngChunks(bytes: Uint8Array): Generator<{ type: string; body: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length;;) {
    if (at + 12 > bytes.length) throw new SyntaxError("the PNG is cut short");
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) throw new SyntaxError("the PNG is cut short");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw new SyntaxError(`the PNG is damaged (checksum of ${type})`);
    }
    yield { type, body: bytes.subarray(at + 8, at + 8 + length) };
    if (type === "IEND") return;
    at += 12 + length;
  }
}

/** Characters of all texts of a PNG together, unpacked; settings have a few thousand. */
const MAX_TEXT = 1 << 22;

/** Unpacks a compressed text of at most `most` bytes. */
function inflated(body: Uint8Array, most: number): Uint8Array {
  try {
    return inflateSync(body, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE") {
      throw new RangeError(`its texts unpack to more than ${MAX_TEXT} bytes`);
    }
    throw new SyntaxError("the PNG is damaged (a text cannot be unpacked)");
  }
}

/**
 * The texts of a PNG by keyword: tEXt, zTXt and iTXt.
 *
 * @throws {SyntaxError} The file is cut short or damaged.
 * @throws {RangeError} The texts are longer than anybody's settings.
 */
export function pngTexts(bytes: Uint8Array): Record<string, string> {
  const texts: Record<string, string> = {};
  let left = MAX_TEXT;
  const put = (keyword: string, text: Uint8Array, encoding: "latin1" | "utf-8") => {
    left -= text.length;
    if (left < 0) throw new RangeError(`its texts have more than ${MAX_TEXT} bytes`);
    texts[keyword] = Buffer.from(text).toString(encoding);
  };
  for (const { type, body } of pngChunks(bytes)) {
    if (type !== "tEXt" && type !== "zTXt" && type !== "iTXt") continue;
    const end = body.indexOf(0);
    if (end < 1 || end > 79) continue; // no keyword by PNG 1.2, 4.2.3
    const keyword = Buffer.from(body.subarray(0, end)).toString("latin1");
    if (type === "tEXt") put(keyword, body.subarray(end + 1), "latin1");
    else if (type === "zTXt") put(keyword, inflated(body.subarray(end + 2), left), "latin1");
    else {
      const compressed = body[end + 1] === 1;
      const language = body.indexOf(0, end + 3);
      const translated = body.indexOf(0, language + 1);
      if (language < 0 || translated < 0) continue;
      const text = body.subarray(translated + 1);
      put(keyword, compressed ? inflated(text, left) : text, "utf-8");
    }
  }
  return texts;
}
