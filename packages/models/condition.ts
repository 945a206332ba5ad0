import { stack, type Tensor } from "./tensor.ts";

/** What one branch of guidance tells the denoiser, besides sample and time. */
export interface Condition {
  /**
   * By the graph's own input names (`encoder_hidden_states`, `text_embeds`, `time_ids`,
   * `timestep_cond`, `class_labels`), batch first: one row, or one per image. Tensors are not
   * changed while a run uses them.
   */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Appended to the sample's channels: mask and masked latents of a 9-channel inpainting model. */
  readonly concat?: Tensor;
}

/**
 * One condition for a batch of pictures with a prompt each.
 *
 * @param conditions From one call of `encode`, in the order of the pictures.
 * @throws {RangeError} if one is a batch already.
 *
 * @example Two class labels
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { batchConditions } from "@shum/models";
 *
 * const one = (value: number) => ({ inputs: { label: { data: new Int32Array([value]), shape: [1] } } });
 * assertEquals([...batchConditions([one(3), one(5)]).inputs.label!.data], [3, 5]);
 * ```
 */
export function batchConditions(conditions: readonly Condition[]): Condition {
  const names = Object.keys(conditions[0]?.inputs ?? {});
  return {
    inputs: Object.fromEntries(
      names.map((name) => [name, stack(conditions.map(({ inputs }) => inputs[name]!), 1)]),
    ),
  };
}
