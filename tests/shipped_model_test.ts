/** The model that ships, judged by a network that saw other pictures than it did. */
import { assert, assertEquals } from "@std/assert";
import { fromPretrained } from "@shum/pipelines";
import { Judge } from "../training/eval/judge.ts";
import { assertDraws, redPixels, weights } from "./_cat.ts";

for (
  const [withEyes, without] of [["black cat with red eyes", "black cat with green eyes"], [
    "чорний кіт з червоними очима",
    "чорний кіт із зеленими очима",
  ]] as const
) {
  Deno.test(`the model that ships draws "${withEyes}"`, async () => {
    await using pipeline = await fromPretrained(weights("shum-emoji-256"), { device: "cpu" });
    assert(pipeline.kind === "text-to-image");
    await using judge = await Judge.open(weights("judge"));
    for (const seed of [1, 2, 3, 4]) {
      const [image] = await pipeline.generate({ prompt: withEyes }, { seed });
      const [other] = await pipeline.generate({ prompt: without }, { seed });
      const [verdict] = await judge.look([image!]);
      const asked = { object: "cat", color: "black", eyes: "red", background: "white" };
      assertEquals(verdict!.labels, asked, `seed ${seed}`);
      const [red, green] = [redPixels(image!), redPixels(other!)];
      assert(red >= 200 && green < red / 4, `seed ${seed}: ${red} red pixels, ${green} with green`);
    }
  });
}

Deno.test("samplers that correct, clip or extrapolate draw the cat in 10 steps", async () => {
  const steps = 10;
  await assertDraws({
    heun: { sampler: "heun", steps }, // burnt, if its first correction is taken
    ddim: { sampler: "ddim", steps }, // an empty page, if latents are clipped
    sa_solver: { sampler: "sa_solver", steps },
  });
});
