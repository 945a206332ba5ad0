import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "@std/path";
import { CliError, exitCodes } from "../exit_codes.ts";
import { userComment, withUserComment } from "./exif.ts";
import {
  encodeAnimation,
  encodePicture,
  formatOf,
  readPicture,
  readTexts,
  requireFolder,
  writeFile,
} from "./image_file.ts";
import { beginFile, removeUnfinished } from "../unfinished.ts";
import { encodePng, pngChunks, pngTexts, type Rgb } from "./png.ts";

/** Smooth in one half, noise in the other, so that every PNG filter is chosen somewhere. */
function sample(width: number, height: number): Rgb {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0, state = 7; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const row = Math.floor(i / 3 / width);
    data[i] = row < height / 2 ? (i * 3 + row * 5) & 255 : state >>> 24;
  }
  return { width, height, data };
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "shum-cli-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("encodePng() writes what another decoder reads back, bit for bit", () =>
  withFolder(async (folder) => {
    for (const [width, height] of [[1, 1], [7, 5], [64, 48]] as const) {
      const picture = sample(width, height);
      const path = join(folder, "a.png");
      await Deno.writeFile(path, encodePng(picture));
      const read = await readPicture(path);
      assertEquals([read.width, read.height], [width, height]);
      const rgb = read.data.filter((_, i) => i % 4 !== 3);
      assertEquals(new Uint8Array(rgb), picture.data);
      assert(read.data.every((value, i) => i % 4 !== 3 || value === 255));
    }
  }));

Deno.test("texts lie before the pixels, as tEXt in Latin-1 and as iTXt beyond it", () => {
  const texts = { parameters: "café\nSteps: 3", shum: "черный кот 🐈", empty: "" };
  const png = encodePng(sample(4, 4), texts);
  const types = [...pngChunks(png)].map((chunk) => chunk.type);
  assertEquals(types, ["IHDR", "tEXt", "iTXt", "tEXt", "IDAT", "IEND"]);
  assertEquals(pngTexts(png), texts);
});

Deno.test("pngChunks() finds every changed byte and every cut", () => {
  const png = encodePng(sample(6, 6), { a: "b" });
  for (let i = 8; i < png.length; i += 5) {
    const bad = png.slice();
    bad[i]! ^= 1;
    assertThrows(() => [...pngChunks(bad)], SyntaxError, "PNG is", `byte ${i}`);
  }
  for (let length = 8; length < png.length; length += 7) {
    assertThrows(() => [...pngChunks(png.slice(0, length))], SyntaxError, "cut short");
  }
});

Deno.test("a JPEG carries its settings as EXIF UserComment in UTF-16", () =>
  withFolder(async (folder) => {
    const text = "черный кот\nSteps: 3, Seed: 1, Size: 8x8";
    const jpeg = await encodePicture(sample(16, 16), "jpg", { parameters: text }, 90);
    const path = join(folder, "a.jpg");
    await Deno.writeFile(path, jpeg);
    assertEquals(await readTexts(path), { parameters: text });
    assertEquals((await readPicture(path)).width, 16);
    assertEquals(userComment(withUserComment(jpeg.slice(), "plain")), "plain");
    const plain = await encodePicture(sample(8, 8), "jpg");
    assertEquals(userComment(plain), undefined);
    assertEquals(withUserComment(plain, "x".repeat(40_000)).length, plain.length);
  }));

/** A JPEG's EXIF segment that says how the camera was held. */
function withOrientation(jpeg: Uint8Array, value: number): Uint8Array {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0];
  const segment = [...new TextEncoder().encode("Exif\0\0"), ...tiff, 0, 0, 0, 0];
  const length = segment.length + 2;
  return Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0, length, ...segment, ...jpeg.subarray(2));
}

Deno.test("a photograph is turned upright as its EXIF orientation says", () =>
  withFolder(async (folder) => {
    // 32 x 16, red at the top left corner of what the camera stored.
    const picture = { width: 32, height: 16, data: new Uint8Array(32 * 16 * 3) };
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) picture.data[(y * 32 + x) * 3] = 255;
    }
    const jpeg = await encodePicture(picture, "jpg", {}, 100);
    const path = join(folder, "a.jpg");
    // Where EXIF 2.3 says that the stored 0th row and 0th column are.
    const corners = ["", "top left", "top right", "bottom right", "bottom left"]
      .concat(["left top", "right top", "right bottom", "left bottom"]);
    for (let value = 1; value <= 8; value++) {
      await Deno.writeFile(path, withOrientation(jpeg, value));
      const { width, height, data } = await readPicture(path);
      assertEquals([width, height], value < 5 ? [32, 16] : [16, 32]);
      const red = (x: number, y: number) => data[(y * width + x) * 4]! > 128;
      const right = corners[value]!.includes("right") ? width - 4 : 4;
      const bottom = corners[value]!.includes("bottom") ? height - 4 : 4;
      assert(red(right, bottom), `orientation ${value}`);
      assert(!red(width - 1 - right, height - 1 - bottom));
    }
  }));

Deno.test("encodeAnimation() writes a GIF with every frame", async () => {
  const frames = [sample(8, 8), sample(8, 8), sample(8, 8)];
  const { decode } = await import("imagescript");
  const gif = await decode(await encodeAnimation(frames, 100));
  assertEquals([gif.width, gif.height], [8, 8]);
  assert("length" in gif && gif.length === 3);
});

Deno.test("readPicture() refuses what is no whole picture, and names it", () =>
  withFolder(async (folder) => {
    const png = encodePng(sample(20, 20));
    const huge = encodePng(sample(1, 1));
    new DataView(huge.buffer).setUint32(16, 100_000);
    new DataView(huge.buffer).setUint32(20, 100_000);
    const bad: Record<string, Uint8Array> = {
      "empty.png": new Uint8Array(0),
      "text.png": new TextEncoder().encode("not a picture"),
      "cut.png": png.slice(0, 100),
      "damaged.png": png.map((byte, i) => i === 60 ? byte ^ 1 : byte),
      "huge.png": huge,
      "cut.jpg": (await encodePicture(sample(32, 32), "jpg")).slice(0, 200),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      const path = join(folder, name);
      await Deno.writeFile(path, bytes);
      const error = await assertRejects(() => readPicture(path, "--mask"), CliError, path);
      assertEquals(error.exitCode, exitCodes.file);
      assertStringIncludes(error.message, "--mask");
    }
    const missing = join(folder, "none.png");
    await assertRejects(() => readPicture(missing), CliError, "no such file");
    await assertRejects(() => readPicture(folder), CliError, folder);
  }));

Deno.test("writeFile() replaces, counts up or refuses, and never leaves a part", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.png");
    const bytes = (n: number) => Uint8Array.of(n);
    assertEquals(await writeFile(path, bytes(1), "number"), path);
    assertEquals(await writeFile(path, bytes(2), "number"), join(folder, "a-2.png"));
    assertEquals(await writeFile(path, bytes(3), "number"), join(folder, "a-3.png"));
    await assertRejects(() => writeFile(path, bytes(4), "fail"), CliError, "--overwrite");
    assertEquals(await Deno.readFile(path), bytes(1));
    await writeFile(path, bytes(5), "overwrite");
    assertEquals(await Deno.readFile(path), bytes(5));
    const both = await Promise.all([1, 2].map(() => writeFile(path, bytes(6), "number")));
    assertEquals(both.sort(), [join(folder, "a-4.png"), join(folder, "a-5.png")]);
    await assertRejects(
      () => writeFile(join(folder, "none", "a.png"), bytes(1), "fail"),
      CliError,
      "there is no folder",
    );
    const left = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assertEquals(left, ["a-2.png", "a-3.png", "a-4.png", "a-5.png", "a.png"]);
  }));

/** A tiny file system, where this process may mount one; undefined elsewhere. */
async function mounted(folder: string, options: string): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const mount = new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", options, "tmpfs", folder],
    stderr: "null",
  });
  return (await mount.output()).success;
}

async function unmount(folder: string): Promise<void> {
  await new Deno.Command("umount", { args: [folder] }).output();
}

Deno.test("a full disk is named and nothing is left on it", () =>
  withFolder(async (folder) => {
    if (!await mounted(folder, "size=64k")) {
      // No way to make a small disk here: the device that is always full stands in.
      const error = await Deno.writeFile("/dev/full", Uint8Array.of(1)).catch((e) => e);
      assertEquals(error.code, "ENOSPC");
      return;
    }
    try {
      const path = join(folder, "a.png");
      const error = await assertRejects(
        () => writeFile(path, new Uint8Array(200_000), "number"),
        CliError,
        "the disk is full",
      );
      assertEquals(error.exitCode, exitCodes.file);
      assertEquals([...Deno.readDirSync(folder)], []);
    } finally {
      await unmount(folder);
    }
  }));

Deno.test("requireFolder() refuses a missing, read-only or wrong folder before any work", () =>
  withFolder(async (folder) => {
    await requireFolder(folder);
    assertEquals([...Deno.readDirSync(folder)], []);
    await assertRejects(() => requireFolder(join(folder, "none")), CliError, "does not exist");
    await Deno.writeTextFile(join(folder, "file"), "");
    await assertRejects(() => requireFolder(join(folder, "file")), CliError, "it is a file");
    const sealed = join(folder, "sealed");
    await Deno.mkdir(sealed);
    const mounts = await mounted(sealed, "ro");
    if (!mounts) await Deno.chmod(sealed, 0o555);
    try {
      // Permissions do not bind root, a read-only file system does.
      if (mounts || Deno.uid() !== 0) {
        await assertRejects(() => requireFolder(sealed), CliError, "Cannot write to folder");
      }
    } finally {
      if (mounts) await unmount(sealed);
    }
  }));

Deno.test("formatOf() knows its endings", () => {
  assertEquals(["a.png", "b.JPG", "c.jpeg", "d.gif"].map(formatOf), ["png", "jpg", "jpg", "gif"]);
  assertThrows(() => formatOf("a.webp"), CliError, ".png, .jpg or .gif");
});

Deno.test("a process that must end removes the files that are not whole, and those alone", async () => {
  const folder = await Deno.makeTempDir();
  const [half, whole] = [`${folder}/.a.tmp`, `${folder}/.b.tmp`];
  await Deno.writeTextFile(half, "half");
  await Deno.writeTextFile(whole, "whole");
  {
    await using _one = beginFile(half);
    {
      await using _other = beginFile(whole);
      await Deno.rename(whole, `${folder}/b`);
    }
    await Deno.writeTextFile(whole, "of somebody else");
    removeUnfinished();
    const left = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assertEquals(left, [".b.tmp", "b"]);
  }
  await Deno.remove(folder, { recursive: true });
});
