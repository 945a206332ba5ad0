/** The model that ships, judged by a network that saw other pictures than it did. */
import { assert, assertEquals } from "@std/assert";
import { fromPretrained } from "@shum/pipelines";
import { Judge } from "../training/eval/judge.ts";
import { redPixels, weights } from "./_cat.ts";

/** That the model draws a black cat with red eyes, and that the red goes when the words do. */
export async function assertCats(
  withEyes: string,
  without: string,
  seeds: readonly number[],
): Promise<void> {
  await using pipeline = await fromPretrained(weights("shum-emoji-256"), { device: "cpu" });
  await using judge = await Judge.open(weights("judge"));
  for (const seed of seeds) {
    const [image] = await pipeline.generate({ prompt: withEyes }, { seed });
    const [other] = await pipeline.generate({ prompt: without }, { seed });
    const [verdict] = await judge.look([image]);
    const asked = { object: "cat", color: "black", eyes: "red", background: "white" };
    assertEquals(verdict!.labels, asked, `seed ${seed}`);
    const [red, green] = [redPixels(image), redPixels(other)];
    assert(red >= 200 && green < red / 4, `seed ${seed}: ${red} red pixels, ${green} with green`);
  }
}
