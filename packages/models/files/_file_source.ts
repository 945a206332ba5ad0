import { builtin } from "./_builtin.ts";
import { requireFile } from "./_regular_file.ts";
import type { ByteSource } from "../onnx/_protobuf.ts";

const windowSize = 1 << 16;

/**
 * Reads a file through a window, so that skipping over weights costs nothing.
 *
 * @param expected What the file should be, for the error.
 * @throws {Error} if there is no such file, or it is a folder, pipe, socket or device.
 */
export function fileSource(path: string, expected = "an ONNX model"): ByteSource {
  requireFile(path, expected); // opening a pipe would wait for ever
  const fs = builtin("fs");
  const file = fs.openSync(path, "r");
  const size = fs.fstatSync(file).size;
  let window = new Uint8Array(windowSize);
  let start = 0;
  let end = 0;
  return {
    size,
    byte(offset: number): number {
      return offset >= start && offset < end ? window[offset - start]! : this.read(offset, 1)[0]!;
    },
    read(offset: number, length: number): Uint8Array {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
        throw new SyntaxError(
          `it ends after ${size} bytes; expected at least ${offset + length} (cut short?)`,
        );
      }
      if (offset < start || offset + length > end) {
        if (length > window.length) window = new Uint8Array(length);
        start = offset;
        end = offset;
        const wanted = Math.min(window.length, size - offset);
        while (end - start < wanted) {
          const count = fs.readSync(file, window, end - start, wanted - (end - start), end);
          if (count === 0) break;
          end += count;
        }
      }
      return window.subarray(offset - start, offset - start + length);
    },
    close: () => fs.closeSync(file),
  };
}
