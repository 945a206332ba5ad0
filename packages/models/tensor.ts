/** The element arrays a {@linkcode Tensor} may hold; the session casts to what the graph declares. */
export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/**
 * Numbers with a shape, in row-major order (images and latents are NCHW).
 *
 * Half precision exists only inside the engine: float16 inputs are cast on the way in and float16
 * outputs arrive here as `Float32Array`.
 *
 * @example A scalar
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Tensor } from "@shum/models";
 *
 * const time: Tensor = { data: new Float32Array([981]), shape: [] };
 * assertEquals(time.data.length, 1);
 * ```
 */
export interface Tensor {
  /** The elements. */
  readonly data: TensorData;
  /** The size of each axis; `[]` for a scalar. */
  readonly shape: readonly number[];
}

/**
 * The number of elements of a shape; 1 for a scalar.
 *
 * @example Latents and a scalar
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { elementCount } from "@shum/models";
 *
 * assertEquals(elementCount([1, 4, 64, 64]), 16384);
 * assertEquals(elementCount([]), 1);
 * ```
 */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/**
 * Makes a {@linkcode Tensor}, checked: the data must have as many elements as the shape.
 *
 * @throws {RangeError} if they differ.
 *
 * @example Data that do not fit
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { tensor } from "@shum/models";
 *
 * assertEquals(tensor(new Float32Array(6), [2, 3]).shape, [2, 3]);
 * assertThrows(() => tensor(new Float32Array(5), [2, 3]), RangeError, "6");
 * ```
 */
export function tensor(data: TensorData, shape: readonly number[]): Tensor {
  const expected = elementCount(shape);
  if (data.length !== expected) {
    throw new RangeError(
      `Cannot make tensor: data has ${data.length} elements; expected ${expected} for shape [${
        shape.join(", ")
      }]`,
    );
  }
  return { data, shape };
}

/**
 * Joins tensors of one shape along the batch axis; a tensor of batch 1 is repeated `repeat` times
 * where the others have `repeat` rows.
 *
 * @param parts Tensors that agree in every axis but the first, whose size is 1 or `repeat`.
 * @param repeat Rows that each part fills in the result.
 * @returns A new tensor of `parts.length * repeat` rows.
 * @throws {RangeError} if a part has another number of rows.
 *
 * @example A batch of two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { stack, tensor } from "@shum/models";
 *
 * const a = tensor(new Float32Array([1, 2]), [1, 2]);
 * const b = tensor(new Float32Array([3, 4]), [1, 2]);
 * assertEquals([...stack([a, b], 2).data], [1, 2, 1, 2, 3, 4, 3, 4]);
 * ```
 */
export function stack(parts: readonly Tensor[], repeat: number): Tensor {
  const first = parts[0]!;
  const row = elementCount(first.shape.slice(1));
  const data = emptyLike(first.data, parts.length * repeat * row);
  let at = 0;
  for (const part of parts) {
    const rows = part.shape[0] ?? 1;
    if (rows !== 1 && rows !== repeat) {
      throw new RangeError(
        `Cannot stack tensors: a part has ${rows} rows; expected 1 or ${repeat} (the batch)`,
      );
    }
    for (let i = 0; i < repeat; i += rows) {
      (data as Float32Array).set(part.data as Float32Array, at);
      at += part.data.length;
    }
  }
  return { data, shape: [parts.length * repeat, ...first.shape.slice(1)] };
}

function emptyLike(data: TensorData, length: number): TensorData {
  if (data instanceof Float32Array) return new Float32Array(length);
  if (data instanceof Int32Array) return new Int32Array(length);
  if (data instanceof BigInt64Array) return new BigInt64Array(length);
  return new Uint8Array(length);
}
