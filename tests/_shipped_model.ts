/** The model that ships, judged by a network that saw other pictures than it did. */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { fromPretrained, type Image } from "@shum/pipelines";
import { Judge } from "../training/eval/judge.ts";

const weights = (name: string) => fromFileUrl(new URL(`../weights/${name}`, import.meta.url));

/** How many pixels are red beyond doubt. */
function redPixels({ data }: Image): number {
  let count = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
    if (r > 110 && r > 1.6 * g && r > 1.6 * b) count++;
  }
  return count;
}

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
