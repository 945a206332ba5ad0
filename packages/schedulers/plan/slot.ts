/** What a step can read: the sample, the predicted clean sample, the predicted noise. */
export type Vector = "x" | "x0" | "eps";

/** A buffer: a vector now, or as it was some model calls ago. */
export type Slot = Vector | `${Vector}[-${number}]`;

/**
 * Names a vector as it was some model calls ago.
 *
 * @param vector The vector.
 * @param age How many model calls ago.
 * @returns The name under which `Terms` hold its weight.
 *
 * @example Two calls ago
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { slotOf } from "@shum/schedulers";
 * assertEquals([slotOf("x0", 0), slotOf("x0", 2)], ["x0", "x0[-2]"]);
 * ```
 */
export function slotOf(vector: Vector, age: number): Slot {
  return age === 0 ? vector : `${vector}[-${age}]`;
}

/**
 * Reads the name of a slot, the inverse of {@linkcode slotOf}.
 *
 * @param slot For instance `"x0[-2]"`.
 * @returns The vector, and how many model calls ago.
 * @throws {SyntaxError} if it is not the name of a slot.
 *
 * @example Two calls ago
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseSlot } from "@shum/schedulers";
 * assertEquals(parseSlot("x0[-2]"), { vector: "x0", age: 2 });
 * ```
 */
export function parseSlot(slot: string): { vector: Vector; age: number } {
  if (slot === "x" || slot === "x0" || slot === "eps") return { vector: slot, age: 0 }; // most are
  const [, vector, age = "0"] = /^(x|x0|eps)(?:\[-(\d+)\])?$/.exec(slot) ?? [];
  if (vector === undefined) {
    throw new SyntaxError(
      `Cannot read slot: "${slot}" is none; expected x, x0 or eps, alone or as "x0[-1]"`,
    );
  }
  return { vector: vector as Vector, age: Number(age) };
}
