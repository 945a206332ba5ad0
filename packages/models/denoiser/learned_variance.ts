import { elementCount } from "../tensor.ts";

/**
 * Splits the output of a network that also predicts the variance, Nichol & Dhariwal (2021),
 * https://arxiv.org/abs/2102.09672, eq. 15: channels [0, C) are the prediction, [C, 2C) the
 * variance's interpolation.
 *
 * @param output `[batch, 2·channels, height, width]`, flat.
 * @param shape The sample's shape, `[batch, channels, height, width]`.
 * @throws {RangeError} if the output has not twice the sample's size.
 *
 * @example Two samples of one channel
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { splitVariance } from "@shum/models";
 *
 * const { mean, variance } = splitVariance(new Float32Array([1, 2, 3, 4]), [2, 1, 1, 1]);
 * assertEquals([...mean, ...variance], [1, 3, 2, 4]);
 * ```
 */
export function splitVariance(
  output: Float32Array,
  shape: readonly [batch: number, channels: number, height: number, width: number],
): { readonly mean: Float32Array; readonly variance: Float32Array } {
  const size = elementCount(shape);
  if (output.length !== 2 * size) {
    throw new RangeError(
      `Cannot split variance: output has ${output.length} elements; expected ${2 * size}`,
    );
  }
  const mean = new Float32Array(size);
  const variance = new Float32Array(size);
  const row = size / shape[0];
  for (let i = 0; i < shape[0]; i++) {
    mean.set(output.subarray(2 * i * row, (2 * i + 1) * row), i * row);
    variance.set(output.subarray((2 * i + 1) * row, (2 * i + 2) * row), i * row);
  }
  return { mean, variance };
}
