import { join } from "@std/path";
import { deflateSync } from "node:zlib";
import { encodePicture } from "../../apps/cli/picture/image_file.ts";
import { withUserComment } from "../../apps/cli/picture/exif.ts";
import { givenFromImage } from "../../apps/cli/metadata/from_image.ts";
import { runInspect } from "../../apps/cli/inspect.ts";
import { Progress } from "../../apps/cli/progress.ts";
import type { Kind } from "./case.ts";
import { pngChunk, withChunks } from "./pictures.ts";
import { hostileJson, mutateBytes, type Random } from "./random.ts";

const picture = { width: 8, height: 8, data: new Uint8Array(192) };
const png = encodePicture(picture, "png");
const jpeg = encodePicture(picture, "jpg");
const quiet = new Progress({ write() {}, terminal: false, columns: 80 });

const INFOTEXT = `a cat, "quoted": (red eyes:1.3)
Negative prompt: a dog
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 42, Size: 512x512, ` +
  `Model hash: 6ce0161689, Model: name, Clip skip: 2, Lora hashes: "a: b, c: d", Version: v1`;
const RECORD = {
  schema: "shum.image/v1",
  version: "0.1.0",
  settings: { prompt: "a cat", steps: 20, seed: 1, width: 64, height: 64, also: ["a hat:1"] },
  model: { name: "owner/model", pipeline: "StableDiffusionPipeline" },
  sampler: { name: "DPM++ 2M", schedule: "Karras" },
};
const INVOKE = {
  positive_prompt: "a cat",
  seed: 1,
  steps: 20,
  width: 64,
  height: 64,
  cfg_scale: 7,
  scheduler: "euler_k",
  clip_skip: 1,
  model: { name: "x" },
};

const PIECES = [
  "Steps: ",
  "a: ",
  ", ",
  ": ",
  '"',
  "\\",
  "\n",
  "é",
  "x",
  "Size: 8x8",
  "9",
  "\x1b[2J",
];

function hostileText(random: Random): string {
  const kind = random.below(4);
  if (kind === 0) {
    // What makes a careless pattern go back and forth.
    return `x\n${random.pick(PIECES).repeat(1 + random.below(50_000))}${random.pick(PIECES)}`;
  }
  if (kind === 1) {
    return Array.from({ length: random.below(60) }, () => random.pick(PIECES)).join("");
  }
  if (kind === 2) {
    const key = random.pick(["Steps", "Seed", "Size", "CFG scale", "Sampler", "Clip skip", "RNG"]);
    const value = random.pick([
      "-1",
      "1e999",
      "NaN",
      "9".repeat(400),
      "0x10",
      "8x8x8",
      "[object]",
      "",
    ]);
    return INFOTEXT.replace(new RegExp(`${key}: [^,]*`), `${key}: ${value}`);
  }
  return new TextDecoder().decode(mutateBytes(random, new TextEncoder().encode(INFOTEXT)));
}

/** The chunk that carries a text under a keyword: plain, compressed, or as UTF-8. */
function textChunk(random: Random, keyword: string, text: string): Uint8Array {
  const latin1 = (letters: string) => Uint8Array.from(letters, (l) => l.charCodeAt(0) & 255);
  const utf8 = new TextEncoder().encode(text);
  const join = (head: string, body: Uint8Array) => Uint8Array.of(...latin1(head), ...body);
  const long = text.length > 100_000; // as arguments of a function
  const kind = long ? 1 : random.below(3);
  if (kind === 0) return pngChunk("tEXt", join(`${keyword}\0`, latin1(text)));
  if (kind === 1) return pngChunk("zTXt", join(`${keyword}\0\0`, deflateSync(utf8)));
  return pngChunk("iTXt", join(`${keyword}\0\0\0${random.pick(["", "en"])}\0\0`, utf8));
}

export const metadata: Kind = {
  name: "metadata",
  async make(random, { folder }) {
    const [what, keyword, text] = random.pick<() => [string, string, string]>([
      () => ["infotext", "parameters", hostileText(random)],
      () => ["record of Shum", "shum", hostileJson(random, RECORD)],
      () => ["metadata of InvokeAI", "invokeai_metadata", hostileJson(random, INVOKE)],
    ])();
    const exif = keyword === "parameters" && random.chance(0.4);
    let bytes: Uint8Array = exif
      ? withUserComment(await jpeg, text)
      : withChunks(await png, [textChunk(random, keyword, text)]);
    if (exif && random.chance(0.5)) {
      // Only the directory of the comment: the picture is the affair of others.
      const head = mutateBytes(random, bytes.subarray(6, 60));
      bytes = new Uint8Array([...bytes.subarray(0, 6), ...head, ...bytes.subarray(60)]);
    }
    const path = join(folder, exif ? "picture.jpg" : "picture.png");
    await Deno.writeFile(path, bytes);
    return {
      what: `${what} in a ${exif ? "JPEG" : "PNG"}`,
      reads: [
        () => givenFromImage(path, {}, () => {}),
        () => runInspect([path], {}, quiet, () => {}),
        () => runInspect([path], { json: true }, quiet, () => {}),
      ],
    };
  },
};
