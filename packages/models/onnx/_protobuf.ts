/** Bytes that can be read at any place: a file, or memory. */
export interface ByteSource {
  readonly size: number;
  /** A view that is valid until the next call. */
  read(offset: number, length: number): Uint8Array;
  /** The byte at a place: most of what is read are single ones. */
  byte(offset: number): number;
  close(): void;
}

/** Reads from memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    byte(offset: number): number {
      return bytes[offset] ?? this.read(offset, 1)[0]!;
    },
    read(offset: number, length: number): Uint8Array {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
        throw new SyntaxError(
          `it ends after ${bytes.length} bytes; expected at least ${offset + length} (cut short?)`,
        );
      }
      return bytes.subarray(offset, offset + length);
    },
    close() {},
  };
}

const decoder = new TextDecoder();
/** More than any name in a model, less than a corrupt length. */
const longestText = 1 << 20;
/** As in Google's own reader. */
const deepest = 100;
/** A model of a hundred thousand operators has two million. */
const mostFields = 2_000_000;

/** A cursor over the fields of one protobuf message; https://protobuf.dev/programming-guides/encoding. */
export class ProtobufReader {
  /** The number of the current field. */
  field = 0;
  readonly #source: ByteSource;
  readonly #end: number;
  #at: number;
  #wire = 0;
  /** Where the current field's payload begins, and its length (wire type 2). */
  #start = 0;
  #length = 0;
  #value = 0;
  readonly #depth: number;
  /** Of the whole file. */
  readonly #read: { fields: number };

  constructor(source: ByteSource, start: number, end: number, depth = 0, read = { fields: 0 }) {
    if (depth > deepest) throw new SyntaxError("it is not an ONNX model (nested too deep)");
    this.#source = source;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
    this.#read = read;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    this.#count();
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (this.field <= 0) {
      throw new SyntaxError(`it is not an ONNX model (field number ${this.field})`);
    }
    if (this.#wire === 0) this.#value = this.#varint();
    else if (this.#wire === 1) this.#skip(8);
    else if (this.#wire === 5) this.#skip(4);
    else if (this.#wire === 2) this.#skip(this.#varint());
    else throw new SyntaxError(`it is not an ONNX model (wire type ${this.#wire})`);
    return true;
  }

  integer(): number {
    this.#expect(0);
    return this.#value;
  }

  /** One integer, or a packed list of at most `most` of them. */
  integers(most: number = Infinity): number[] {
    if (this.#wire === 0) return [this.#value];
    const inner = this.message();
    const values: number[] = [];
    while (inner.#at < inner.#end) {
      if (values.length === most) {
        throw new SyntaxError(`it has a list of over ${most} numbers where few are expected`);
      }
      this.#count();
      values.push(inner.#varint());
    }
    return values;
  }

  #count(): void {
    if (++this.#read.fields > mostFields) {
      throw new SyntaxError(`it has over ${mostFields} parts; expected a model that can be loaded`);
    }
  }

  /** A number of four bytes. */
  float(): number {
    this.#expect(5);
    const { buffer, byteOffset } = this.#source.read(this.#start, 4);
    return new DataView(buffer, byteOffset).getFloat32(0, true);
  }

  text(): string {
    this.#expect(2);
    if (this.#length > longestText) {
      throw new SyntaxError("it is not an ONNX model (name too long)");
    }
    return decoder.decode(this.#source.read(this.#start, this.#length));
  }

  /** A reader over the current field's own fields. */
  message(): ProtobufReader {
    this.#expect(2);
    const [start, end] = [this.#start, this.#start + this.#length];
    return new ProtobufReader(this.#source, start, end, this.#depth + 1, this.#read);
  }

  /** Offset and length of the current field's bytes in the source. */
  range(): [offset: number, length: number] {
    this.#expect(2);
    return [this.#start, this.#length];
  }

  /** Where the current field ends and the next begins, tag included. */
  get end(): number {
    return this.#at;
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) {
      throw new SyntaxError(
        `it is not an ONNX model (field ${this.field} has wire type ${this.#wire})`,
      );
    }
  }

  #skip(length: number): void {
    this.#start = this.#at;
    this.#length = length;
    this.#at += length;
    if (this.#at > this.#source.size) {
      throw new SyntaxError(
        `it ends after ${this.#source.size} bytes; expected at least ${this.#at} (cut short?)`,
      );
    }
    if (length < 0 || this.#at > this.#end) {
      throw new SyntaxError("it is not an ONNX model (field past its end)");
    }
  }

  #varint(): number {
    let value = 0;
    let inverse = 0;
    let scale = 1;
    for (let i = 0; i < 9; i++) {
      const byte = this.#source.byte(this.#at++);
      value += (byte & 127) * scale;
      inverse += (~byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    // The tenth byte is the sign; from the inverse, as value would lose the last digits beyond 2^53.
    const sign = this.#source.byte(this.#at++);
    if (sign > 1) throw new SyntaxError("it is not an ONNX model (integer too long)");
    return sign === 1 ? -inverse - 1 : value;
  }
}
