import { dtypeBytes } from "./_dtypes.ts";

/** A header's text and what follows it, as the format puts them together. */
export function safetensorsBytes(header: string, data: number | Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(header);
  const weights = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + weights.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(weights, 8 + text.length);
  return bytes;
}

/** A whole file of zeros with these tensors. */
export function zeros(
  tensors: Readonly<Record<string, readonly [dtype: string, shape: readonly number[]]>>,
): Uint8Array {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, [dtype, shape]]) => {
      const begin = end;
      end += shape.reduce((a, b) => a * b, dtypeBytes(dtype)!);
      return [name, { dtype, shape, data_offsets: [begin, end] }];
    }),
  );
  return safetensorsBytes(JSON.stringify(header), end);
}
