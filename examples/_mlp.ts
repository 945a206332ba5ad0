/**
 * A small network of dense layers, its gradient by hand, and Adam.
 *
 * @module
 */

/** Layers with SiLU between them; all matrices row by row, a bias behind each row. */
export class Mlp {
  readonly #weights: Float64Array[];
  readonly #moments: [Float64Array, Float64Array][];
  #steps = 0;

  /** `sizes` from input to output; `normal` fills the first weights. */
  constructor(readonly sizes: readonly number[], normal: (out: Float32Array) => void) {
    this.#weights = sizes.slice(1).map((rows, k) => {
      const columns = sizes[k]!, draw = new Float32Array(rows * (columns + 1));
      normal(draw);
      return Float64Array.from(
        draw,
        (z, i) => i % (columns + 1) < columns ? z / Math.sqrt(columns) : 0,
      );
    });
    this.#moments = this.#weights.map((
      w,
    ) => [new Float64Array(w.length), new Float64Array(w.length)]);
  }

  /** The output for one input. */
  forward(input: ArrayLike<number>): Float64Array {
    return this.#layers(input).at(-1)!;
  }

  /**
   * One step of Adam on a batch. `slope(output, i)` gives the gradient of example i's loss in the output.
   */
  train(
    inputs: readonly ArrayLike<number>[],
    slope: (output: Float64Array, i: number) => ArrayLike<number>,
    rate: number,
  ): void {
    const gradients = this.#weights.map((w) => new Float64Array(w.length));
    inputs.forEach((input, i) => {
      const layers = this.#layers(input);
      let back = Float64Array.from(slope(layers.at(-1)!, i));
      for (let k = this.#weights.length - 1; k >= 0; k--) {
        const before = layers[k]!, w = this.#weights[k]!, g = gradients[k]!, n = before.length;
        const next = new Float64Array(n);
        back.forEach((b, row) => {
          const at = row * (n + 1);
          for (let j = 0; j < n; j++) {
            g[at + j]! += b * active(before[j]!, k);
            next[j]! += b * w[at + j]!;
          }
          g[at + n]! += b;
        });
        if (k > 0) { for (let j = 0; j < n; j++) next[j]! *= derivative(before[j]!); }
        back = next;
      }
    });
    this.#steps++;
    const [warm, cold] = [1 - 0.9 ** this.#steps, 1 - 0.99 ** this.#steps];
    this.#weights.forEach((w, k) => {
      const [m, v] = this.#moments[k]!, g = gradients[k]!;
      for (let j = 0; j < w.length; j++) {
        const slope = g[j]! / inputs.length;
        m[j] = 0.9 * m[j]! + 0.1 * slope;
        v[j] = 0.99 * v[j]! + 0.01 * slope * slope;
        w[j]! -= rate * m[j]! / warm / (Math.sqrt(v[j]! / cold) + 1e-8);
      }
    });
  }

  /** The input and every layer's sums, before their SiLU. */
  #layers(input: ArrayLike<number>): Float64Array[] {
    const layers = [Float64Array.from(input)];
    this.#weights.forEach((w, k) => {
      const before = layers[k]!,
        n = before.length,
        values = before.map((value) => active(value, k));
      const out = new Float64Array(this.sizes[k + 1]!);
      for (let row = 0; row < out.length; row++) {
        let sum = w[row * (n + 1) + n]!;
        for (let j = 0; j < n; j++) sum += w[row * (n + 1) + j]! * values[j]!;
        out[row] = sum;
      }
      layers.push(out);
    });
    return layers;
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** What layer `k` reads: the input as it is, sums through SiLU. */
const active = (x: number, k: number) => k === 0 ? x : x * sigmoid(x);
const derivative = (x: number) => sigmoid(x) * (1 + x * (1 - sigmoid(x)));
