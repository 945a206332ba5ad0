import type { Tensor } from "../tensor.ts";

/**
 * The guidance scale as a latent consistency model is told it, through `timestep_cond`: Luo et al.
 * (2023), https://arxiv.org/abs/2310.04378, with Fourier features [sin(1000·w·f), cos(1000·w·f)],
 * w = scale - 1, f_k = 10000^(-k / (half - 1)).
 *
 * @param scale The guidance scale g; 1 is none.
 * @param size The model's `time_cond_proj_dim`, 256 mostly.
 * @returns `[1, size]`.
 * @throws {RangeError} if the size is not a whole number of at least 4.
 *
 * @example No guidance
 * ```ts
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 * import { guidanceEmbedding } from "@shum/models";
 *
 * const { data, shape } = guidanceEmbedding(1, 256);
 * assertEquals(shape, [1, 256]);
 * assertAlmostEquals(Number(data[128]), 1); // cos(0)
 * ```
 */
export function guidanceEmbedding(scale: number, size: number): Tensor {
  if (!Number.isInteger(size) || size < 4) {
    throw new RangeError(
      `Cannot embed guidance scale: size is ${size}; expected a whole number of at least 4`,
    );
  }
  const { fround } = Math; // trained models saw these values in float32
  const half = Math.floor(size / 2);
  const w = fround((scale - 1) * 1000);
  const step = fround(fround(Math.log(10000)) / (half - 1));
  const data = new Float32Array(size); // an odd size ends with 0
  for (let k = 0; k < half; k++) {
    const angle = fround(w * fround(Math.exp(fround(-k * step))));
    data[k] = Math.sin(angle);
    data[half + k] = Math.cos(angle);
  }
  return { data, shape: [1, size] };
}
