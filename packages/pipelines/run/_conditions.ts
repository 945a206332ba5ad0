/**
 * What the branches tell the network, and what a run adds to it.
 *
 * @module
 */
import type { Branch } from "@shum/guidance";
import type { Condition, Tensor } from "@shum/models";
import type { ConditionGroup } from "./task.ts";

/**
 * Adds channels and inputs to what the network is told, those of the group's own images.
 *
 * @param group What the branches tell the network.
 * @param concat Appended to the channels that it reads.
 * @param more What every branch tells it besides.
 * @returns The group with both.
 */
export function withMore(
  { images, conditions }: ConditionGroup,
  concat: Tensor | undefined,
  more: Readonly<Record<string, Tensor>> | undefined,
): ConditionGroup {
  const own = concat && images && concat.shape[0] !== 1 ? rows(concat, images) : concat;
  return {
    ...images && { images },
    conditions: mapConditions(conditions, ({ inputs }) => ({
      inputs: { ...inputs, ...more },
      ...own && { concat: own },
    })),
  };
}

function rows({ data, shape }: Tensor, images: readonly number[]): Tensor {
  const size = data.length / shape[0]!;
  const out = new Float32Array(images.length * size);
  images.forEach((b, i) => {
    out.set((data as Float32Array).subarray(b * size, (b + 1) * size), i * size);
  });
  return { data: out, shape: [images.length, ...shape.slice(1)] };
}

/**
 * Changes what every branch tells the network.
 *
 * @param conditions By branch.
 * @param change What to make of each.
 * @returns The changed conditions.
 */
export function mapConditions(
  conditions: Readonly<Partial<Record<Branch, Condition>>>,
  change: (condition: Condition, branch: Branch) => Condition,
): Partial<Record<Branch, Condition>> {
  const out: Partial<Record<Branch, Condition>> = {};
  for (const [branch, condition] of Object.entries(conditions) as [Branch, Condition][]) {
    out[branch] = change(condition, branch);
  }
  return out;
}
