/**
 * Who answers for each branch of guidance, and what they are told.
 *
 * @module
 */
import type { Branch } from "@shum/guidance";
import type { Condition, Denoiser } from "@shum/models";
import { checkBranch } from "./_check_guidance.ts";
import type { Predict } from "./denoise.ts";
import type { Networks } from "../pipeline.ts";
import type { ConditionGroup } from "./task.ts";
import type { Shape } from "./_shape.ts";

/** What {@linkcode predictor} needs. */
export interface PredictorOptions {
  /** Shape of the samples. */
  readonly shape: Shape;
  /** The network of every branch that has no other. */
  readonly denoiser: Denoiser;
  /** Other networks, for the `weak` and `perturbed` branches. */
  readonly networks?: Networks | undefined;
  /**
   * Images whose prompts differ in length cannot share a call, and padding them to one length would make
   * an image depend on its batch: they come in groups, each of one length.
   */
  readonly groups: readonly ConditionGroup[];
  /** Stops the calls. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks each branch's network with its condition; branches of one network run as one call.
 *
 * @param options The networks, and what they are told.
 * @param branches Every branch that will be asked for.
 * @returns The network, as the loop sees it.
 * @throws {TypeError} When a branch has no condition, or no network.
 */
export function predictor(options: PredictorOptions, branches: readonly Branch[]): Predict {
  const { shape, denoiser, networks = {}, groups, signal } = options;
  const other: Readonly<Partial<Record<Branch, Denoiser | undefined>>> = {
    weak: networks.weak,
    perturbed: networks.perturbed,
  };
  const conditionOf = ({ conditions }: ConditionGroup, branch: Branch): Condition => {
    checkBranch(branch, Object.keys(conditions) as Branch[], other);
    return (conditions[branch] ?? conditions.positive)!;
  };
  // Checked before the first step rather than when its turn comes.
  for (const group of groups) for (const branch of branches) conditionOf(group, branch);

  const [batch, ...rest] = shape;
  const size = rest.reduce((product, n) => product * n);
  return async (x, t, asked) => {
    const serving = asked.map((branch) => other[branch] ?? denoiser);
    const outputs = new Array<Float32Array>(asked.length);
    const calls = [...new Set(serving)].flatMap((network) => {
      const mine = asked.map((_, k) => k).filter((k) => serving[k] === network);
      return groups.map(async (group) => {
        const conditions = mine.map((k) => conditionOf(group, asked[k]!));
        const { images } = group;
        if (!images) {
          const results = await network.predict(x, shape, t, conditions, { signal });
          mine.forEach((k, i) => outputs[k] = results[i]!);
          return;
        }
        const part = new Float32Array(images.length * size);
        images.forEach((b, i) => part.set(x.subarray(b * size, (b + 1) * size), i * size));
        const results = await network.predict(part, [images.length, ...rest], t, conditions, {
          signal,
        });
        mine.forEach((k, i) => {
          const row = results[i]!.length / images.length; // twice `size` with a learned variance
          const output = outputs[k] ??= new Float32Array(batch * row);
          images.forEach((b, j) =>
            output.set(results[i]!.subarray(j * row, (j + 1) * row), b * row)
          );
        });
      });
    });
    await Promise.all(calls);
    return outputs;
  };
}
