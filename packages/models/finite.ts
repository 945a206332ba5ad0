/**
 * Checks what a network gave: one NaN or infinity spoils the whole picture, mostly as a black one.
 *
 * On WebGPU the driver may turn NaN into ordinary numbers; there the check can miss it.
 *
 * @param values The network's output.
 * @param what Its name, for the message.
 * @param advice What to do about it.
 * @throws {RangeError} if a value is NaN or infinite.
 *
 * @example One NaN among numbers
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { assertFinite } from "@shum/models";
 *
 * assertFinite(new Float32Array([1, -2]), "the decoder", "use float32");
 * assertThrows(() => assertFinite(new Float32Array([NaN]), "the decoder", "use float32"), RangeError);
 * ```
 */
export function assertFinite(values: Float32Array, what: string, advice: string): void {
  // x - x is 0 for every finite x and NaN for the rest.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  if (sum === 0) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  throw new RangeError(
    `Cannot go on: ${what} gave ${values[index]} at element ${index} of ${values.length}; ` +
      `expected finite numbers: ${advice}`,
  );
}
