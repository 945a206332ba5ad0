import { join } from "@std/path";
import { crc32, deflateSync } from "node:zlib";
import { encodePicture, readPicture, readTexts } from "../../apps/cli/picture/image_file.ts";
import { withUserComment } from "../../apps/cli/picture/exif.ts";
import type { Kind } from "./case.ts";
import { mutateBytes, type Random } from "./random.ts";

const width = 24, height = 16;
const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) & 255);
const picture = { width, height, data };

/** Good files of every format, made once. */
const good = Promise.all([
  encodePicture(picture, "png", { parameters: "a cat\nSteps: 2, Seed: 1, Size: 24x16" }),
  encodePicture(picture, "jpg").then((bytes) => withUserComment(bytes, "a cat")),
  encodePicture(picture, "gif"),
]);

/** A chunk of a PNG with a right checksum. */
export function pngChunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(body, 8);
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)));
  return out;
}

/** Puts chunks behind the header of a PNG. */
export function withChunks(
  png: Uint8Array,
  chunks: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const parts = [png.subarray(0, 33), ...chunks, png.subarray(33)];
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const SIZES = [0, 1, 2, 255, 4096, 20_000, 65_535, 1 << 20, 0x7fffffff, 0xffffffff];

/** Sizes in the header that the rest does not hold. */
function resized(random: Random, bytes: Uint8Array, format: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  const [w, h] = [random.pick(SIZES), random.pick(SIZES)];
  if (format === "png") {
    view.setUint32(16, w);
    view.setUint32(20, h);
    if (random.chance(0.3)) out.set(random.bytes(5), 24); // depth, colour, method, filter, interlace
    view.setUint32(29, crc32(out.subarray(12, 29)));
  } else if (format === "gif") {
    view.setUint16(6, w & 0xffff, true);
    view.setUint16(8, h & 0xffff, true);
    const frame = out.indexOf(0x2c, 13);
    if (frame > 0 && random.chance(0.7)) {
      view.setUint16(frame + 5, w & 0xffff, true);
      view.setUint16(frame + 7, h & 0xffff, true);
    }
  } else {
    for (let at = 2; at + 9 < out.length && out[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
      if (out[at + 1] !== 0xc0 && out[at + 1] !== 0xc2) continue;
      view.setUint16(at + 5, h & 0xffff);
      view.setUint16(at + 7, w & 0xffff);
    }
  }
  return out;
}

let zeros: Uint8Array | undefined;

/** Kilobytes that unpack to a hundred megabytes. */
function bomb(random: Random, png: Uint8Array): Uint8Array<ArrayBuffer> {
  zeros ??= deflateSync(new Uint8Array(100 * 2 ** 20), { level: 1 });
  const text = (head: string) => {
    const out = new Uint8Array(head.length + zeros!.length);
    for (let i = 0; i < head.length; i++) out[i] = head.charCodeAt(i);
    out.set(zeros!, head.length);
    return out;
  };
  const chunks = [
    () => pngChunk("zTXt", text("parameters\0\0")),
    () => pngChunk("iTXt", text("parameters\0\x01\0\0\0")),
    () => pngChunk("iCCP", text("icc\0\0")),
    () => pngChunk("IDAT", zeros!),
  ];
  return withChunks(png, [random.pick(chunks)()]);
}

/** The beginning of files of other kinds, and some that claim to be pictures. */
const STARTS = [
  "",
  "II*\0\x08\0\0\0",
  "MM\0*\0\0\0\x08",
  "RIFF\0\0\0\0WEBPVP8 ",
  "<svg width='99999' height='99999'/>",
  "BM",
  "\0\0\x01\0",
  "\x89PNG\r\n\x1a\n",
  "\xff\xd8\xff\xe0",
  "GIF89a",
];

export const pictures: Kind = {
  name: "pictures",
  async make(random, { folder }) {
    const which = random.below(3);
    const format = ["png", "jpg", "gif"][which]!;
    const base = (await good)[which]!;
    const roll = random.below(20);
    let what = `${format} with changed bytes`;
    let bytes: Uint8Array;
    if (roll === 0) {
      const start = random.pick(STARTS);
      what = `file that begins with ${JSON.stringify(start)}`;
      bytes = new Uint8Array([
        ...Array.from(start, (letter) => letter.charCodeAt(0)),
        ...random.bytes(random.below(200)),
      ]);
    } else if (roll === 1) {
      what = "png bomb";
      bytes = bomb(random, (await good)[0]!);
    } else if (roll < 8) {
      what = `${format} with another size in its header`;
      bytes = resized(random, base, format);
    } else bytes = mutateBytes(random, base);
    const path = join(folder, `picture.${format}`);
    await Deno.writeFile(path, bytes);
    const texts = format === "gif" ? [] : [() => readTexts(path)]; // a GIF has none
    return { what, reads: [() => readPicture(path), ...texts] };
  },
};
