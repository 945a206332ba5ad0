/**
 * Picture files: reading and writing PNG, JPEG and GIF, and never half a file or
 * over another one.
 *
 * @module
 */

import { basename, dirname, extname, join } from "@std/path";
import { CliError, exitCodes, fileError } from "../exit_codes.ts";
import { orientation, upright, userComment, withUserComment } from "./exif.ts";
import { checkPicture, MAX_FILE_BYTES } from "./picture_header.ts";
import { encodePng, isPng, pngTexts, type Rgb } from "./png.ts";
import { beginFile } from "../unfinished.ts";

/** Pixels in rows from the top left, 4 bytes (RGBA) each. */
export interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The file formats that pictures are written in. */
export type Format = "png" | "jpg" | "gif";

/** Text in a picture by keyword; a JPEG holds that of `parameters` only, a GIF none. */
export type Texts = Readonly<Record<string, string>>;

/** The format that a file name asks for. */
export function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  if (extension === ".png") return "png";
  if (extension === ".jpg" || extension === ".jpeg") return "jpg";
  if (extension === ".gif") return "gif";
  throw new CliError(
    exitCodes.usage,
    `Cannot write ${path}: its ending is "${extension}"; expected .png, .jpg or .gif`,
  );
}

/**
 * The whole of a file.
 *
 * @param path The file.
 * @param what How the caller calls it, for messages.
 * @param expected What it should be, for messages.
 * @throws {CliError} It is none, too large, or cannot be read.
 */
export async function readBytes(
  path: string,
  what: string,
  expected = "a PNG, JPEG or GIF file",
): Promise<Uint8Array> {
  const wrong = (reason: string, cause?: unknown) =>
    fileError(`Cannot read ${what} ${path}: ${reason}; expected ${expected}`, cause);
  let info;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    throw wrong(missing ? "there is no such file" : "it cannot be looked at", error);
  }
  if (info.isDirectory) throw wrong("it is a folder");
  if (!info.isFile) throw wrong("it is no regular file"); // a pipe would be waited for
  if (info.size > MAX_FILE_BYTES) {
    throw wrong(`it has ${info.size} bytes, more than ${MAX_FILE_BYTES}`);
  }
  try {
    return await Deno.readFile(path);
  } catch (error) {
    const denied = error instanceof Deno.errors.PermissionDenied;
    throw wrong(denied ? "there is no permission to read it" : "it could not be read", error);
  }
}

/**
 * Decodes a picture file.
 *
 * @param path The file.
 * @param what How the caller calls it, for messages.
 * @throws {CliError} It cannot be read, is damaged, or is no picture that is known here.
 */
export async function readPicture(path: string, what = "picture"): Promise<Rgba> {
  const bytes = await readBytes(path, what);
  try {
    return await decodePicture(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fileError(
      `Cannot read ${what} ${path}: ${reason}; expected a whole PNG, JPEG or GIF file`,
      error,
    );
  }
}

/**
 * Decodes the bytes of a picture file; of a GIF the first frame. They may come from anyone: their
 * structure is checked before they are unpacked.
 *
 * @param bytes A whole file.
 * @returns Its pixels, upright.
 * @throws {SyntaxError} It is damaged, or of a format that is not read.
 * @throws {RangeError} It would take more memory or time than a picture should.
 */
export async function decodePicture(bytes: Uint8Array): Promise<Rgba> {
  const checked = checkPicture(bytes);
  const { GIF, Image } = await import("imagescript");
  let image;
  try {
    // A GIF decodes to its frames, the first of which has the whole picture.
    image = checked.format === "gif"
      ? (await GIF.decode(checked.bytes, true))[0]!
      : await Image.decode(checked.bytes);
  } catch (error) {
    throw new SyntaxError("its pixels cannot be decoded: the file is damaged", { cause: error });
  }
  const { width, height, bitmap } = image;
  if (width !== checked.width || height !== checked.height) {
    throw new SyntaxError(
      `it decodes to ${width}x${height} pixels, and its header says ${checked.width}x${checked.height}`,
    );
  }
  const data = new Uint8Array(bitmap.buffer, bitmap.byteOffset, width * height * 4);
  const turned = checked.format === "jpg" ? orientation(bytes) : 1;
  return turned === 1 ? { width, height, data } : upright({ width, height, data }, turned);
}

/** The texts in a picture file: every PNG text chunk, or the comment of a JPEG as `parameters`. */
export async function readTexts(path: string): Promise<Texts> {
  const bytes = await readBytes(path, "picture");
  try {
    if (isPng(bytes)) return pngTexts(bytes);
    if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new SyntaxError("it is neither PNG nor JPEG");
    const comment = userComment(bytes);
    return comment === undefined ? {} : { parameters: comment };
  } catch (error) {
    throw fileError(`Cannot read metadata of ${path}: ${(error as Error).message}`, error);
  }
}

/** RGB pixels as the RGBA image that imagescript works on. */
async function imagescriptImage({ width, height, data }: Rgb) {
  const { Image } = await import("imagescript");
  const image = new Image(width, height);
  for (let i = 0, j = 0; i < data.length; i += 3, j += 4) {
    image.bitmap[j] = data[i]!;
    image.bitmap[j + 1] = data[i + 1]!;
    image.bitmap[j + 2] = data[i + 2]!;
    image.bitmap[j + 3] = 255;
  }
  return image;
}

/** Encodes a picture with its texts. */
export async function encodePicture(
  picture: Rgb,
  format: Format,
  texts: Texts = {},
  quality = 95,
): Promise<Uint8Array> {
  if (format === "png") return encodePng(picture, texts);
  if (format === "gif") return await encodeAnimation([picture], 1000);
  const image = await imagescriptImage(picture);
  // The declared type lists the numbers 1 to 100 one by one.
  const jpeg = await image.encodeJPEG(quality as Parameters<typeof image.encodeJPEG>[0]);
  return texts.parameters === undefined ? jpeg : withUserComment(jpeg, texts.parameters);
}

/** Encodes frames as a GIF that repeats, the last one shown for two seconds. */
export async function encodeAnimation(
  frames: readonly Rgb[],
  milliseconds: number,
): Promise<Uint8Array> {
  const { Frame, GIF } = await import("imagescript");
  const last = frames.length - 1;
  const images = await Promise.all(frames.map(async (frame, i) => {
    const image = await imagescriptImage(frame);
    return Frame.from(image, frames.length > 1 && i === last ? 2000 : milliseconds);
  }));
  return await new GIF(images, -1).encode(100);
}

function writeError(path: string, error: unknown): Error {
  const code = (error as { code?: string }).code;
  const reason = code === "ENOSPC" || code === "EDQUOT"
    ? "the disk is full"
    : error instanceof Deno.errors.NotFound
    ? `there is no folder ${dirname(path)}`
    : (error as Error).message;
  return fileError(`Cannot write ${path}: ${reason}; nothing was left there`, error);
}

/** `name-2.png` for `name.png`, and so on. */
function numbered(path: string, n: number): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}-${n}${extension}`);
}

/** What to do when a file of that name exists. */
export type IfExists = "overwrite" | "number" | "fail";

/**
 * Writes a file under its name in one go, and returns the name it got: nobody sees half of it, and a
 * failure leaves nothing behind.
 *
 * @throws {CliError} It exists and must not be replaced, or cannot be written.
 */
export async function writeFile(
  path: string,
  bytes: Uint8Array,
  ifExists: IfExists,
): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  await using _removed = beginFile(temporary);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    await file.syncData(); // a full disk may show only now
  } catch (error) {
    throw writeError(path, error);
  }
  if (ifExists === "overwrite") {
    await rename(temporary, path);
    return path;
  }
  for (let n = 1;; n++) {
    const name = n === 1 ? path : numbered(path, n);
    if (await place(temporary, name)) return name;
    if (ifExists === "fail") {
      throw fileError(`Cannot write ${path}: it exists; use --overwrite, or another --output`);
    }
  }
}

async function rename(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    throw writeError(to, error);
  }
}

/** Gives the temporary file its name unless that is taken. */
async function place(temporary: string, path: string): Promise<boolean> {
  try {
    await Deno.link(temporary, path); // fails, without a race, when the name exists
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
  }
  // A file system without hard links: look first.
  if (await Deno.lstat(path).then(() => true, () => false)) return false;
  await rename(temporary, path);
  return true;
}

/** Makes a folder that is not there yet. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    const file = error instanceof Deno.errors.AlreadyExists ||
      error instanceof Deno.errors.NotADirectory;
    throw fileError(
      `Cannot make folder ${folder}: ${
        file ? "a file has that name" : "there is no permission"
      }; expected a place where it can be made`,
      error,
    );
  }
}

/** Makes sure, before any work is done, that a folder exists and can be written. */
export async function requireFolder(folder: string): Promise<void> {
  const info = await Deno.stat(folder).catch((error) => {
    const reason = error instanceof Deno.errors.NotFound ? "it does not exist" : error.message;
    throw fileError(`Cannot write to folder ${folder}: ${reason}; create it first`, error);
  });
  if (!info.isDirectory) {
    throw fileError(`Cannot write to folder ${folder}: it is a file; expected a folder`);
  }
  const probe = join(folder, `.shum-${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeFile(probe, new Uint8Array(1), { createNew: true });
  } catch (error) {
    const full = (error as { code?: string }).code === "ENOSPC";
    throw fileError(
      `Cannot write to folder ${folder}: ${full ? "the disk is full" : (error as Error).message}`,
      error,
    );
  } finally {
    await Deno.remove(probe).catch(() => {});
  }
}
