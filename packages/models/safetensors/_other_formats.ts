import type { ByteSource } from "../onnx/_protobuf.ts";

/** How other files begin, and what they are. */
const beginnings: readonly (readonly [bytes: string, what: string])[] = [
  ["PK\x03\x04", pickle("a zip archive, as PyTorch's .ckpt, .bin, .pt and .pth are")],
  ["\x80\x02", pickle("a Python pickle")],
  ["\x80\x03", pickle("a Python pickle")],
  ["\x80\x04", pickle("a Python pickle")],
  ["\x80\x05", pickle("a Python pickle")],
  ["GGUF", "it is a GGUF file; expected .safetensors"],
  [
    "version https://git-lfs",
    "it is a Git LFS pointer, not the weights; expected the real file: run git lfs pull",
  ],
  ["<!", "it is a web page; expected .safetensors"],
  ["<html", "it is a web page; expected .safetensors"],
];

function pickle(what: string): string {
  return `it is ${what}: opening one can run any code that its maker put in; expected .safetensors, ` +
    `which holds numbers only`;
}

/** Why a file of that name is refused without a look into it; undefined if it is not. */
export function pickleReason(name: string): string | undefined {
  return /\.(ckpt|bin|pt|pth|pkl)$/i.test(name)
    ? pickle(`a PyTorch checkpoint (${/\.[^.]+$/.exec(name)![0]}), a Python pickle`)
    : undefined;
}

/**
 * Refuses what is known to be something else.
 *
 * @throws {SyntaxError} saying what it is.
 */
export function refuseOtherFormats(source: ByteSource): void {
  const count = Math.min(32, source.size);
  let head = "";
  for (const byte of source.read(0, count)) head += String.fromCharCode(byte);
  // Headers of 640 to 1535 bytes also begin with 80 02 to 80 05; theirs go on with zeros and a brace.
  if (head.slice(5, 9) === "\0\0\0{") return;
  for (const [beginning, what] of beginnings) {
    if (head.startsWith(beginning)) throw new SyntaxError(what);
  }
}
