import { assertCats } from "./_shipped_model.ts";

// One seed; tests/long has more, and the other language.
Deno.test("the model that ships draws a black cat with red eyes", async () => {
  await assertCats("black cat with red eyes", "black cat with green eyes", [1]);
});
