import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import { decodePicture, encodeAnimation, encodePicture } from "./image_file.ts";
import { infotext, pictureRecord, readInfotext, readRecord } from "../metadata/metadata.ts";
import { checkPicture } from "./picture_header.ts";
import { encodePng, pngChunk, pngTexts, type Rgb } from "./png.ts";

const picture = (width: number, height: number): Rgb => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) & 255),
});

/** A PNG of which one chunk is replaced, and others are put before its pixels. */
function png(
  { header, pixels, texts = [] }: {
    header?: (view: DataView) => void;
    pixels?: Uint8Array;
    texts?: readonly Uint8Array[];
  },
): Uint8Array {
  const whole = encodePng(picture(8, 8));
  const ihdr = whole.slice(16, 29);
  header?.(new DataView(ihdr.buffer));
  const idat = whole.subarray(33, whole.length - 12);
  return Buffer.concat([
    whole.subarray(0, 8),
    pngChunk("IHDR", ihdr),
    ...texts,
    pixels ? pngChunk("IDAT", pixels) : idat,
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

const zeros = (megabytes: number) => deflateSync(new Uint8Array(megabytes << 20));
const text = (keyword: string, body: Uint8Array) =>
  pngChunk("zTXt", Buffer.concat([Buffer.from(keyword), Uint8Array.of(0, 0), body]));

function within<T>(milliseconds: number, work: () => T): T {
  const start = performance.now();
  const result = work();
  const took = performance.now() - start;
  assert(took < milliseconds, `it took ${took} ms`);
  return result;
}

Deno.test("a picture's size is read before its pixels, in every format", async () => {
  const jpeg = await encodePicture(picture(16, 8), "jpg");
  const gif = await encodeAnimation([picture(16, 8), picture(16, 8)], 100);
  for (const bytes of [encodePng(picture(16, 8)), jpeg, gif]) {
    const { width, height } = checkPicture(bytes);
    assertEquals([width, height], [16, 8]);
  }
  const sof = jpeg.findIndex((byte, i) =>
    byte === 0xff && jpeg[i + 1]! >= 0xc0 && jpeg[i + 1]! <= 0xc2
  );
  const hugeJpeg = jpeg.slice();
  new DataView(hugeJpeg.buffer).setUint32(sof + 5, 0xfff0_fff0);
  const hugeGif = gif.slice();
  new DataView(hugeGif.buffer).setUint32(6, 0xfff0_fff0);
  const hugePng = png({ header: (view) => view.setUint32(0, 1 << 28) });
  for (const bytes of [hugeJpeg, hugeGif, hugePng]) {
    const error = await assertRejects(() => decodePicture(bytes), RangeError);
    assertStringIncludes(error.message, "more than 67108864");
  }
});

Deno.test("of a GIF with thousands of frames only the first is unpacked", async () => {
  const one = await encodeAnimation([picture(256, 256)], 100);
  const end = checkPicture(one).bytes.length - 1;
  const frame = one.subarray(13 + 3 * 2 ** ((one[10]! & 7) + 1) * (one[10]! >> 7), end);
  const many = Buffer.concat([
    one.subarray(0, end),
    ...Array(2000).fill(frame),
    Uint8Array.of(0x3b),
  ]);
  const start = performance.now();
  const { width, height } = await decodePicture(many);
  assertEquals([width, height], [256, 256]);
  assert(performance.now() - start < 2000);
  assert(checkPicture(many).bytes.length < one.length + 8);
});

Deno.test("a JPEG that passes over its pixels a thousand times is refused", async () => {
  const jpeg = await encodePicture(picture(16, 8), "jpg");
  const sos = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda);
  const scan = jpeg.subarray(sos, jpeg.length - 2);
  const many = Buffer.concat([jpeg.subarray(0, sos), ...Array(1000).fill(scan)]);
  await assertRejects(() => decodePicture(many), RangeError, "1000 times");
});

Deno.test("a JPEG of a few bytes does not stand for millions of pixels; one of one colour does", async () => {
  const white = { width: 1024, height: 1024, data: new Uint8Array(3 << 20).fill(255) };
  const jpeg = await encodePicture(white, "jpg", {}, 1);
  assertEquals(checkPicture(jpeg).width, 1024);
  const tiny = await encodePicture(picture(16, 8), "jpg");
  const sof = tiny.findIndex((byte, i) => byte === 0xff && tiny[i + 1] === 0xc0);
  new DataView(tiny.buffer).setUint32(sof + 5, 0x2000_2000);
  await assertRejects(() => decodePicture(tiny), SyntaxError, "too few for 8192x8192 pixels");
});

Deno.test("pixels that unpack to more, or to less, than the header says are refused", async () => {
  await assertRejects(() => decodePicture(png({ pixels: zeros(200) })), SyntaxError, "unpacks to");
  const short = png({ pixels: deflateSync(new Uint8Array(20)) });
  await assertRejects(() => decodePicture(short), SyntaxError, "cut short");
  await assertRejects(
    () => decodePicture(png({ pixels: Uint8Array.of(1, 2, 3) })),
    SyntaxError,
    "damaged",
  );
});

Deno.test("texts that unpack to hundreds of megabytes are refused at once", () => {
  const bomb = png({ texts: [text("parameters", zeros(200))] });
  within(2000, () => assertThrows(() => pngTexts(bomb), RangeError, "4194304"));
  const many = png({ texts: Array.from({ length: 8 }, () => text("a", zeros(1))) });
  assertThrows(() => pngTexts(many), RangeError, "4194304");
});

Deno.test("formats that are not read are named", async () => {
  const named: Record<string, Uint8Array> = {
    TIFF: Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0),
    WebP: Buffer.from("RIFF\0\0\0\0WEBPVP8 "),
    BMP: Buffer.from("BM000000"),
    AVIF: Buffer.from("\0\0\0 ftypavif"),
    "no picture": Buffer.from("hello"),
  };
  for (const [name, bytes] of Object.entries(named)) {
    await assertRejects(() => decodePicture(bytes), SyntaxError, name);
  }
});

Deno.test("a picture that is cut anywhere, or changed anywhere, is refused in a sentence or read", async () => {
  const gif = await encodeAnimation([picture(12, 9)], 100);
  const jpeg = await encodePicture(picture(12, 9), "jpg");
  for (const whole of [encodePng(picture(12, 9)), jpeg, gif]) {
    for (let i = 0; i < whole.length; i += 3) {
      const changed = whole.slice();
      changed[i]! ^= 0x5a;
      for (const bytes of [whole.slice(0, i), changed]) {
        await decodePicture(bytes).catch((error) => {
          assert(error instanceof SyntaxError || error instanceof RangeError, String(error));
          assert(!/unreachable|memory access|undefined|null/.test(error.message), error.message);
        });
      }
    }
  }
});

Deno.test("readInfotext() takes time in proportion to the text, whatever it holds", () => {
  const last = (line: string) => `a cat\n${line}`;
  for (
    const part of ["a", "a ", "a:", "ab: ", 'ab: "', 'ab: "\\",', "a-/ ", '"', ",", "ab: c, "]
  ) {
    within(2000, () => readInfotext(last(part.repeat(1_000_000 / part.length))));
  }
  within(2000, () => readInfotext("\n".repeat(1_000_000)));
});

Deno.test("readInfotext() reads quoted values, and what lies between commas", () => {
  const read = readInfotext(
    'a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Size: 64x32, Lora hashes: "a: 1, b: 2", Model: x, RNG: CPU',
  );
  assertEquals(read?.given, {
    prompt: "a cat",
    steps: 20,
    sampler: "Euler a",
    cfgScale: 7,
    width: 64,
    height: 32,
    rng: "torch",
  });
  assertEquals(read?.model, "x");
});

Deno.test("the settings of a JPEG of ours are known as ours", () => {
  const record = pictureRecord({
    settings: { prompt: "a cat", steps: 4, seed: 1, cfgScale: 4 },
    model: { name: "m", pipeline: "StableDiffusionPipeline" },
    sampler: { name: "DPM++ 2M" },
  });
  assertEquals(readRecord({ parameters: infotext(record) })?.from, "Shum");
  assertEquals(readRecord({ shum: '{"schema":"shum.image/v1","settings":null}' }), undefined);
  const odd = '{"schema":"shum.image/v1","settings":{},"model":{"name":{}}}';
  assertEquals(readRecord({ shum: odd })?.model, undefined);
});
