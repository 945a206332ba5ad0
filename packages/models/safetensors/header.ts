import type { ByteSource } from "../onnx/_protobuf.ts";
import { dtypeBytes, dtypeNames } from "./_dtypes.ts";
import { type HeaderEntry, quote, readHeaderText } from "./_header_text.ts";
import { refuseOtherFormats } from "./_other_formats.ts";

/** A tensor of a `.safetensors` file and where its bytes lie. */
export interface SafeTensor {
  /** The element type in the format's own words: "F32", "F16", "BF16", "I64", … */
  readonly dtype: string;
  /** The size of each axis. */
  readonly shape: readonly number[];
  /** Where its bytes begin, counted from the beginning of the file. */
  readonly offset: number;
  /** How many bytes there are: those of dtype × shape. */
  readonly length: number;
}

/** What the header of a `.safetensors` file says, checked. */
export interface SafetensorsHeader {
  /** The tensors by name, in the file's order. */
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** What its maker wrote beside them. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** As in the format's own library. */
const longestHeader = 100_000_000;

/**
 * Reads the header of a `.safetensors` file; the weights behind it are not looked at. The file may come
 * from anyone: lengths, shapes and places are checked against each other and against the file's size.
 *
 * @throws {SyntaxError} if it is another kind of file, cut short, or its numbers contradict each other.
 */
export function readSafetensorsHeader(source: ByteSource): SafetensorsHeader {
  refuseOtherFormats(source);
  if (source.size < 8) {
    throw new SyntaxError(`it has ${source.size} bytes; expected a .safetensors file`);
  }
  const first = source.read(0, 8);
  const length = Number(
    new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true),
  );
  if (length > longestHeader) {
    throw new SyntaxError(
      `its header is said to have ${length} bytes; expected at most ${longestHeader}: it is no ` +
        `.safetensors file, or damaged`,
    );
  }
  if (length > source.size - 8) {
    throw new SyntaxError(
      `its header is said to have ${length} bytes and the file ends after ${source.size}: it is no ` +
        `.safetensors file, or cut short`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(source.read(8, length));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new SyntaxError("its header is not text; expected a .safetensors file");
  }
  const { entries, metadata } = readHeaderText(text);
  const start = 8 + length;
  const tensors = new Map<string, SafeTensor>();
  for (const [name, entry] of entries) tensors.set(name, place(name, entry, start, source.size));
  checkOverlaps(tensors);
  return { tensors, metadata };
}

function place(
  name: string,
  { dtype, shape, begin, end }: HeaderEntry,
  start: number,
  size: number,
): SafeTensor {
  const bytes = dtypeBytes(dtype);
  if (bytes === undefined) {
    throw new SyntaxError(
      `${quote(name)} is of type ${quote(dtype)}; expected one of ${dtypeNames}`,
    );
  }
  const length = shape.reduce((a, b) => a * b, bytes);
  if (!Number.isSafeInteger(length)) {
    throw new SyntaxError(
      `${quote(name)} has shape [${shape.join(", ")}]; expected what a file can hold`,
    );
  }
  if (end - begin !== length) {
    throw new SyntaxError(
      `${quote(name)} is ${dtype} [${shape.join(", ")}] in bytes ${begin} to ${end}; expected ` +
        `${length} bytes`,
    );
  }
  if (start + end > size) {
    throw new SyntaxError(
      `${quote(name)} ends at byte ${start + end} and the file after ${size}; expected a whole ` +
        `file: it is cut short, download it again`,
    );
  }
  return { dtype, shape, offset: start + begin, length };
}

function checkOverlaps(tensors: ReadonlyMap<string, SafeTensor>): void {
  const sorted = [...tensors].filter(([, { length }]) => length > 0)
    .sort(([, a], [, b]) => a.offset - b.offset);
  for (let i = 1; i < sorted.length; i++) {
    const [[before, a], [name, b]] = [sorted[i - 1]!, sorted[i]!];
    if (a.offset + a.length > b.offset) {
      throw new SyntaxError(`${quote(before)} and ${quote(name)} share bytes; expected none to`);
    }
  }
}
