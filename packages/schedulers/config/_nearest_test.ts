import { assertEquals, assertThrows } from "@std/assert";
import { Scheduler } from "../scheduler.ts";
import { editDistance, nearest } from "./_nearest.ts";

Deno.test("editDistance() counts added, dropped, changed and swapped letters", () => {
  assertEquals(editDistance("steps", "steps"), 0);
  assertEquals(editDistance("stpes", "steps"), 1);
  assertEquals(editDistance("", "abc"), 3);
  assertEquals(editDistance("kitten", "sitting"), 3);
});

Deno.test("nearest() names what was probably meant, and nothing where nothing is near", () => {
  const names = ["euler", "euler_a", "dpm++2m", "lms", "karras"];
  assertEquals(nearest("Eulr A", names), "euler_a");
  assertEquals(nearest("kar", names), "karras");
  assertEquals(nearest("karas", names), "karras");
  for (const word of ["", "x", "nonsense", "heun", "abc", "l".repeat(1e6)]) {
    assertEquals(nearest(word, names), undefined);
  }
});

Deno.test("a scheduler class is suggested by what its name says, not by its ending", () => {
  const suggests = (name: string, text: string) =>
    void assertThrows(() => Scheduler.fromConfig({ _class_name: name }), RangeError, text);
  suggests("FooScheduler", '"EulerDiscreteScheduler"');
  suggests("DDMIScheduler", '"DDIMScheduler"');
});
