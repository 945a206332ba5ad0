// A WebAssembly assembler, as small as our kernels need: functions of numbers over one imported memory.
// Instructions are arrays of bytes, so that a kernel reads as the list of its instructions.
// Encoding: https://webassembly.github.io/spec/core/binary/index.html

/** The bytes of an instruction or a sequence of them. */
export type Code = readonly number[];

export const i32 = 0x7f;
export const f32 = 0x7d;
export const f64 = 0x7c;
export const v128 = 0x7b;

/** A function: its parameters and extra locals are numbered together, in order. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly locals: readonly number[];
  readonly body: readonly Code[];
}

const unsigned = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];

const signed = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];

const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const name = (text: string): number[] =>
  vector([...new TextEncoder().encode(text)].map((b) => [b]));
const section = (id: number, body: Code): number[] => [id, ...unsigned(body.length), ...body];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
/** Alignment hints (log2 of bytes) are 2: every address is that of a float32. */
const at = (offset: number): number[] => [2, ...unsigned(offset)];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const i32Const = (value: number): Code => [0x41, ...signed(value)];
export const i32Add: Code = [0x6a];
export const i32LessUnsigned: Code = [0x49];

/** 16 bytes from memory. */
export const load = (offset: number): Code => [...simd(0x00), ...at(offset)];
export const store = (offset: number): Code => [...simd(0x0b), ...at(offset)];
/** Two float32 from memory, and zeros. */
export const load64Zero = (offset: number): Code => [...simd(0x5d), ...at(offset)];
export const store64Lane0 = (offset: number): Code => [...simd(0x5b), ...at(offset), 0];
/** The first 4 bytes to memory. */
export const store32Lane0 = (offset: number): Code => [...simd(0x5a), ...at(offset), 0];

export const and: Code = simd(0x4e);
export const or: Code = simd(0x50);
export const xor: Code = simd(0x51);
/** Where the mask on top has ones, the first operand, elsewhere the second. */
export const select: Code = simd(0x52);

export const i32x4Equal: Code = simd(0x37);
export const i32x4ShiftLeft: Code = simd(0xab);
export const i32x4ShiftRight: Code = simd(0xad);
export const i32x4Add: Code = simd(0xae);
export const i32x4Sub: Code = simd(0xb1);
export const i32x4Negate: Code = simd(0xa1);
/** Of numbers that an integer can hold; what it makes of others is the machine's choice. */
export const i32x4RelaxedTruncate: Code = simd(0x101);

export const f32x4Less: Code = simd(0x43);
export const f32x4Sqrt: Code = simd(0xe3);
export const f32x4Add: Code = simd(0xe4);
export const f32x4Sub: Code = simd(0xe5);
export const f32x4Mul: Code = simd(0xe6);
export const f32x4Min: Code = simd(0xe8);
export const f32x4Max: Code = simd(0xe9);
export const f32x4Splat: Code = simd(0x13);
export const f32x4Convert: Code = simd(0xfa);
/** `a * b + c`, rounded once or twice, as the machine does it (relaxed SIMD). */
export const f32x4RelaxedMadd: Code = simd(0x105);

export const f64x2Splat: Code = simd(0x14);
export const f64x2Add: Code = simd(0xf0);
export const f64x2Mul: Code = simd(0xf2);
export const promoteLow: Code = simd(0x5f);
export const demoteZero: Code = simd(0x5e);

/** The same integer four times. */
export const i32x4Const = (value: number): Code => constant(new Int32Array(4).fill(value));
/** The same float32 four times. */
export const f32x4Const = (value: number): Code => constant(new Float32Array(4).fill(value));
const constant = (lanes: Int32Array | Float32Array): Code => [
  ...simd(0x0c),
  ...new Uint8Array(lanes.buffer),
];

/** `do body while (condition)`; the body ends by leaving the condition on the stack. */
export const loop = (body: readonly Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];

/** A module that imports memory `env.memory` and exports every function under its name. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [0x60, ...vector(f.parameters.map((p) => [p])), 0]);
  const exports = functions.map((f, i) => [...name(f.name), 0, ...unsigned(i)]);
  const bodies = functions.map((f) => {
    const locals = vector(f.locals.map((type) => [1, type]));
    const code = [...locals, ...f.body.flat(), 0x0b];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...name("env"), ...name("memory"), 2, 0, 1]])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(exports)),
    ...section(10, vector(bodies)),
  ]);
}
