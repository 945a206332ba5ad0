// The element types of the format: https://github.com/huggingface/safetensors.

/** Its name, ONNX's name of it, and its bytes. */
const dtypes: Readonly<Record<string, readonly [type: string, bytes: number]>> = {
  BOOL: ["bool", 1],
  U8: ["uint8", 1],
  I8: ["int8", 1],
  F8_E4M3: ["float8e4m3fn", 1],
  F8_E5M2: ["float8e5m2", 1],
  U16: ["uint16", 2],
  I16: ["int16", 2],
  F16: ["float16", 2],
  BF16: ["bfloat16", 2],
  U32: ["uint32", 4],
  I32: ["int32", 4],
  F32: ["float32", 4],
  U64: ["uint64", 8],
  I64: ["int64", 8],
  F64: ["float64", 8],
};

/** The names of all element types, for messages. */
export const dtypeNames: string = Object.keys(dtypes).join(", ");

/** Bytes of one element; undefined if there is no such type. */
export function dtypeBytes(dtype: string): number | undefined {
  return Object.hasOwn(dtypes, dtype) ? dtypes[dtype]![1] : undefined;
}

/** What ONNX calls an element type. */
export function onnxType(dtype: string): string {
  return dtypes[dtype]![0];
}

/** Whether a type is one of the two of eight bits that {@linkcode float8Values} knows. */
export function isFloat8(dtype: string): boolean {
  return dtype === "F8_E4M3" || dtype === "F8_E5M2";
}

/** What each byte of such a type stands for (Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433). */
export function float8Values(dtype: string): Float32Array {
  // E5M2 is the upper half of a float16.
  if (dtype === "F8_E5M2") {
    const bits = Uint16Array.from({ length: 256 }, (_, byte) => byte << 8);
    return new Float32Array(new Float16Array(bits.buffer));
  }
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const exponent = (byte >> 3) & 15;
    const mantissa = byte & 7;
    if (exponent === 15 && mantissa === 7) return NaN; // there is no infinity
    const size = exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
    return byte > 127 ? -size : size;
  });
}
