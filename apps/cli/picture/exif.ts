/**
 * The settings of a picture in a JPEG: EXIF UserComment, where A1111 puts them and Civitai looks.
 *
 * @module
 */

const USER_COMMENT = 0x9286;
const EXIF_IFD = 0x8769;
const ORIENTATION = 0x0112;
const UNICODE = "UNICODE\0";
const MARKER_APP1 = 0xe1;
const EXIF = "Exif\0\0";

const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

/** Puts a comment behind the first marker of a JPEG. */
export function withUserComment(jpeg: Uint8Array, text: string): Uint8Array<ArrayBuffer> {
  const comment = new Uint8Array(8 + text.length * 2);
  comment.set(ascii(UNICODE));
  for (let i = 0; i < text.length; i++) { // UTF-16, big-endian
    comment[8 + 2 * i] = text.charCodeAt(i) >> 8;
    comment[9 + 2 * i] = text.charCodeAt(i) & 255;
  }
  // TIFF header, IFD0 with one pointer to the Exif IFD, which has one entry.
  const ifd0 = 8, exif = ifd0 + 18, data = exif + 18;
  const tiff = new Uint8Array(data + comment.length);
  const view = new DataView(tiff.buffer);
  tiff.set(ascii("MM"));
  view.setUint16(2, 42);
  view.setUint32(4, ifd0);
  const entry = (at: number, tag: number, type: number, count: number, value: number) => {
    view.setUint16(at, 1);
    view.setUint16(at + 2, tag);
    view.setUint16(at + 4, type);
    view.setUint32(at + 6, count);
    view.setUint32(at + 10, value);
  };
  entry(ifd0, EXIF_IFD, 4, 1, exif);
  entry(exif, USER_COMMENT, 7, comment.length, data);
  tiff.set(comment, data);
  const length = 2 + EXIF.length + tiff.length;
  if (length > 0xffff) return new Uint8Array(jpeg); // a segment holds 64 KiB: better none than half
  return new Uint8Array([
    ...jpeg.subarray(0, 2),
    0xff,
    MARKER_APP1,
    length >> 8,
    length & 255,
    ...ascii(EXIF),
    ...tiff,
    ...jpeg.subarray(2),
  ]);
}

/** The TIFF structure with a JPEG's EXIF data. */
function exifOf(jpeg: Uint8Array): Uint8Array | undefined {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  for (let at = 2; at + 4 <= jpeg.length && jpeg[at] === 0xff;) {
    const length = view.getUint16(at + 2);
    const body = jpeg.subarray(at + 4, at + 2 + length);
    const isExif = ascii(EXIF).every((byte, i) => body[i] === byte);
    if (jpeg[at + 1] === MARKER_APP1 && isExif) return body.subarray(EXIF.length);
    if (jpeg[at + 1] === 0xda) return undefined; // the picture itself begins
    at += 2 + length;
  }
  return undefined;
}

/** The entry with a tag in an image file directory, as its offset. */
function findTag(tiff: Uint8Array, ifd: number, tag: number): number | undefined {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = isLittle(tiff);
  if (ifd + 2 > tiff.length) return undefined;
  const count = view.getUint16(ifd, little);
  for (let i = 0; i < count && ifd + 14 + 12 * i <= tiff.length; i++) {
    if (view.getUint16(ifd + 2 + 12 * i, little) === tag) return ifd + 2 + 12 * i;
  }
  return undefined;
}

const isLittle = (tiff: Uint8Array): boolean => tiff[0] === 0x49; // "II", else "MM"

/** The UserComment of a JPEG, if it has one that can be read. */
export function userComment(jpeg: Uint8Array): string | undefined {
  const tiff = exifOf(jpeg);
  if (tiff === undefined || tiff.length < 8) return undefined;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = isLittle(tiff);
  const pointer = findTag(tiff, view.getUint32(4, little), EXIF_IFD);
  if (pointer === undefined) return undefined;
  const entry = findTag(tiff, view.getUint32(pointer + 8, little), USER_COMMENT);
  if (entry === undefined) return undefined;
  const start = view.getUint32(entry + 8, little);
  const bytes = tiff.subarray(start, start + view.getUint32(entry + 4, little));
  const kind = String.fromCharCode(...bytes.subarray(0, 8));
  const text = bytes.subarray(8);
  if (kind === UNICODE) {
    // The byte order is the writer's affair; a Latin letter shows which it was.
    return new TextDecoder(text[0] === 0 || !little ? "utf-16be" : "utf-16le").decode(text);
  }
  return kind.startsWith("ASCII") ? new TextDecoder().decode(text) : undefined;
}

/** How a camera was held, 1 to 8 as EXIF counts; 1 is upright, and what no one knows. */
export function orientation(jpeg: Uint8Array): number {
  const tiff = exifOf(jpeg);
  if (tiff === undefined || tiff.length < 8) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const little = isLittle(tiff);
  const entry = findTag(tiff, view.getUint32(4, little), ORIENTATION);
  const value = entry === undefined ? 1 : view.getUint16(entry + 8, little);
  return value >= 1 && value <= 8 ? value : 1;
}

/** Turns RGBA pixels upright. */
export function upright(
  picture: { readonly width: number; readonly height: number; readonly data: Uint8Array },
  turned: number,
): { width: number; height: number; data: Uint8Array } {
  const { width, height, data } = picture;
  const swaps = turned >= 5; // rows are columns
  const [w, h] = swaps ? [height, width] : [width, height];
  const mirrorX = [2, 3, 7, 8].includes(turned);
  const mirrorY = [3, 4, 6, 7].includes(turned);
  const from = new Uint32Array(data.slice().buffer);
  const to = new Uint32Array(from.length);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      // Where this pixel of the upright picture lies in the stored one.
      const [u, v] = swaps ? [y, x] : [x, y];
      const i = mirrorX ? width - 1 - u : u;
      const j = mirrorY ? height - 1 - v : v;
      to[y * w + x] = from[j * width + i]!;
    }
  }
  return { width: w, height: h, data: new Uint8Array(to.buffer) };
}
