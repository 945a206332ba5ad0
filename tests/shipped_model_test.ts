import { assertDraws } from "./_cat.ts";
import { assertCats } from "./_shipped_model.ts";

// One seed; tests/long has more, and the other language.
Deno.test("the model that ships draws a black cat with red eyes", async () => {
  await assertCats("black cat with red eyes", "black cat with green eyes", [1]);
});

Deno.test("samplers that correct, clip or extrapolate draw the cat in 10 steps", async () => {
  const steps = 10;
  await assertDraws({
    heun: { sampler: "heun", steps }, // burnt, if its first correction is taken
    ddim: { sampler: "ddim", steps }, // an empty page, if latents are clipped
    sa_solver: { sampler: "sa_solver", steps },
  });
});
