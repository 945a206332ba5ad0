import { assertEquals, assertThrows } from "@std/assert";
import { parseSlot, slotOf, type Vector } from "./slot.ts";

Deno.test("parseSlot() reads what slotOf() writes", () => {
  for (const vector of ["x", "x0", "eps"] satisfies Vector[]) {
    for (const age of [0, 1, 12]) assertEquals(parseSlot(slotOf(vector, age)), { vector, age });
  }
});

for (const slot of ["", "y", "x0[1]", "x0[-]", "x0[-1", " x0", "eps[-1.5]", "output"]) {
  Deno.test(`parseSlot() refuses "${slot}"`, () => {
    assertThrows(() => parseSlot(slot), SyntaxError, `"${slot}" is none`);
  });
}
