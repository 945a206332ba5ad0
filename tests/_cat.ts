/** "black cat with red eyes", the picture that the model that ships is looked at by. */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { fromPretrained, type Image, type RunOptions } from "@shum/pipelines";
import { Judge } from "../training/eval/judge.ts";

export const PROMPT = "black cat with red eyes";

/** A file or folder of weights. */
export const weights = (name: string): string =>
  fromFileUrl(new URL(`../weights/${name}`, import.meta.url));

/** How many pixels are red beyond doubt. */
export function redPixels(image: Image): number {
  return count(image, (r, g, b) => r > 110 && r > 1.6 * g && r > 1.6 * b);
}

/** How many pixels of `image` are of a kind. */
function count({ data }: Image, is: (r: number, g: number, b: number) => boolean): number {
  let pixels = 0;
  for (let i = 0; i < data.length; i += 3) if (is(data[i]!, data[i + 1]!, data[i + 2]!)) pixels++;
  return pixels;
}

/** Looks at pictures of the prompt: the judge's words, the red of two eyes, the black, the page. */
export async function assertCats(
  judge: Judge,
  pictures: Readonly<Record<string, Image>>,
): Promise<void> {
  const verdicts = await judge.look(Object.values(pictures));
  const wrong = Object.entries(pictures).flatMap(([name, image], i) => {
    const { object, color, eyes, background } = verdicts[i]!.labels;
    const said = [object, color, eyes, background].join(", ");
    const red = redPixels(image);
    const dark = count(image, (r, g, b) => r < 80 && g < 80 && b < 80);
    const white = count(image, (r, g, b) => r > 225 && g > 225 && b > 225);
    const good = said === "cat, black, red, white" && red > 400 && red < 2000 && dark > 12_000 &&
      dark < 24_000 && white > 36_000;
    return good ? [] : [`${name}: ${said}; ${red} red, ${dark} dark, ${white} white pixels`];
  });
  assertEquals(wrong, []);
}

/** Draws the prompt once for each entry, whose values are options of the run, and looks. */
export async function assertDraws(runs: Readonly<Record<string, RunOptions>>): Promise<void> {
  await using pipeline = await fromPretrained(weights("shum-emoji-256"), { device: "cpu" });
  assert(pipeline.kind === "text-to-image");
  await using judge = await Judge.open(weights("judge"));
  const pictures: Record<string, Image> = {};
  for (const [name, options] of Object.entries(runs)) {
    const [image] = await pipeline.generate({ prompt: PROMPT }, { seed: 1, ...options });
    pictures[name] = image!;
  }
  await assertCats(judge, pictures);
}
