import type { Condition } from "../condition.ts";
import type { TensorInfo } from "../session.ts";
import { elementCount, stack, type Tensor } from "../tensor.ts";

/** Indices of conditions that can share a batch: same inputs, same sizes. */
export function groupConditions(conditions: readonly Condition[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [i, condition] of conditions.entries()) {
    const entries = Object.entries(condition.inputs).sort(([a], [b]) => a < b ? -1 : 1);
    const key = JSON.stringify([
      entries.map(([name, { shape }]) => [name, shape.slice(1)]),
      condition.concat?.shape.slice(1),
    ]);
    groups.set(key, [...groups.get(key) ?? [], i]);
  }
  return [...groups.values()];
}

/** Conditions stacked for a batch size: they stay the same for all steps of a run. */
interface Stacked {
  readonly conditions: readonly Condition[];
  readonly batch: number;
  readonly inputs: Readonly<Record<string, Tensor>>;
}

/** Enough for a run with limited-interval guidance and a few runs beside it. */
const remembered = 8;

/** Lays the branches of one step out as one batch, in buffers that are used again. */
export class BranchBatch {
  readonly #stacked: Stacked[] = [];
  readonly #samples = new Map<number, Float32Array>();

  /** All feeds but the time. The sample is valid until the next call. */
  feeds(
    x: Float32Array,
    shape: readonly [number, number, number, number],
    conditions: readonly Condition[],
    { name }: TensorInfo,
  ): Record<string, Tensor> {
    return { ...this.#inputs(conditions, shape[0]), [name]: this.#sample(x, shape, conditions) };
  }

  #inputs(conditions: readonly Condition[], batch: number): Readonly<Record<string, Tensor>> {
    const found = this.#stacked.findIndex((entry) =>
      entry.batch === batch && entry.conditions.length === conditions.length &&
      entry.conditions.every((condition, i) => condition.inputs === conditions[i]!.inputs)
    );
    if (found >= 0) return this.#stacked[found]!.inputs;
    const names = Object.keys(conditions[0]?.inputs ?? {});
    const inputs = Object.fromEntries(
      names.map((name) => [name, stack(conditions.map((one) => one.inputs[name]!), batch)]),
    );
    this.#stacked.push({ conditions: [...conditions], batch, inputs });
    if (this.#stacked.length > remembered) this.#stacked.shift();
    return inputs;
  }

  #sample(
    x: Float32Array,
    [batch, channels, height, width]: readonly [number, number, number, number],
    conditions: readonly Condition[],
  ): Tensor {
    const size = channels * height * width;
    if (x.length !== batch * size) {
      throw new RangeError(
        `Cannot predict: x has ${x.length} elements; expected ${
          batch * size
        } for shape [${batch}, ` +
          `${channels}, ${height}, ${width}]`,
      );
    }
    const extra = conditions[0]?.concat;
    if (conditions.length === 1 && !extra) {
      return { data: x, shape: [batch, channels, height, width] };
    }
    const added = extra ? elementCount(extra.shape.slice(1)) : 0;
    const rows = conditions.length * batch;
    const data = this.#buffer(rows * (size + added));
    let at = 0;
    for (const { concat } of conditions) {
      for (let i = 0; i < batch; i++) {
        data.set(x.subarray(i * size, (i + 1) * size), at);
        at += size;
        if (!concat) continue;
        const row = concat.shape[0] === 1 ? 0 : i;
        data.set((concat.data as Float32Array).subarray(row * added, (row + 1) * added), at);
        at += added;
      }
    }
    return { data, shape: [rows, channels + (extra?.shape[1] ?? 0), height, width] };
  }

  #buffer(length: number): Float32Array {
    let buffer = this.#samples.get(length);
    if (!buffer) {
      if (this.#samples.size >= 4) this.#samples.clear();
      this.#samples.set(length, buffer = new Float32Array(length));
    }
    return buffer;
  }
}
