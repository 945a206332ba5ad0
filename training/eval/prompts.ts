/**
 * The fixed list of prompts: objects × colours × eyes, seen in training and held out, in two languages.
 *
 * @module
 */
import type { ColorId } from "../data/color.ts";
import { inflect, STEMS } from "../data/captions_uk.ts";
import { CORE_OBJECTS } from "../data/core_objects.ts";
import { HELD_OUT_LOOKS, isHeldOut } from "../data/held_out.ts";
import type { Spec } from "../data/scene.ts";

/** A prompt and what it asks for. */
export interface Prompt extends Spec {
  readonly text: string;
  readonly language: "en" | "uk";
  readonly split: "seen" | "held-out";
}

// object | colour | eyes | background; a dash where the prompt says nothing
const SEEN = `
cat|black|green|-
cat|white|red|-
cat|orange|blue|-
cat|gray|yellow|-
cat|blue|red|-
cat|-|-|-
cat|pink|-|yellow
dog|brown|blue|-
dog|white|red|-
dog|-|green|-
dog|yellow|-|-
fox|orange|green|-
fox|blue|red|-
fox|-|-|-
wolf|gray|blue|-
wolf|white|yellow|-
bear|brown|red|-
bear|pink|-|-
panda|-|-|-
panda|green|red|-
koala|-|-|blue
tiger|orange|green|-
tiger|white|blue|-
lion|-|-|-
lion|yellow|blue|-
rabbit|white|red|-
rabbit|brown|green|-
mouse|gray|-|-
mouse|blue|yellow|-
frog|green|red|-
frog|blue|-|-
monkey|brown|green|-
pig|pink|blue|-
pig|-|-|-
cow|brown|-|-
horse|white|-|-
unicorn|pink|blue|-
owl|brown|yellow|-
owl|purple|green|-
bird|blue|-|-
bird|red|-|-
chick|yellow|-|-
penguin|-|-|-
fish|orange|-|-
elephant|gray|blue|-
elephant|pink|-|-
robot|-|-|-
robot|green|red|-
ghost|-|-|-
dragon|red|-|-
heart|red|-|-
heart|blue|-|-
heart|black|-|yellow
star|yellow|-|-
star|green|-|blue
sun|-|-|-
moon|-|-|black
apple|red|-|-
apple|green|-|-
apple|-|-|blue
banana|-|-|-
strawberry|-|-|-
grapes|purple|-|-
car|red|-|-
car|blue|-|-
car|-|-|-
bus|yellow|-|-
rocket|red|-|-
rocket|-|-|purple
house|red|-|-
house|-|-|-
tree|green|-|-
tree|-|-|-
flower|blue|-|-
flower|yellow|-|-
rose|red|-|-
mushroom|red|-|-
umbrella|purple|-|-
umbrella|blue|-|-
crown|-|-|-
crown|red|-|-
balloon|green|-|-
balloon|red|-|-
book|blue|-|-
gift|pink|-|-
cake|-|-|-
pizza|-|-|-
ice cream|-|-|-
burger|-|-|-
smiley|-|-|-
`;

const article = (word: string) => /^[aeio]/.test(word) ? "an" : "a";

/** "black cat with red eyes on a blue background" */
export function englishPrompt({ object, color, eyes, background }: Spec): string {
  const name = CORE_OBJECTS.find(({ id }) => id === object)!.english[0]!;
  const back = background === "white" ? "" : ` on ${article(background)} ${background} background`;
  return `${color ? color + " " : ""}${name}${eyes ? ` with ${eyes} eyes` : ""}${back}`;
}

/** «чорний кіт з червоними очима на синьому тлі» */
export function ukrainianPrompt({ object, color, eyes, background }: Spec): string {
  const { name, gender } = CORE_OBJECTS.find(({ id }) => id === object)!.ukrainian[0]!;
  const back = background === "white"
    ? ""
    : ` на ${inflect(STEMS[background][0]!, "locative")} тлі`;
  const looking = eyes ? ` з ${inflect(STEMS[eyes][0]!, "instrumental")} очима` : "";
  return `${color ? inflect(STEMS[color][0]!, gender) + " " : ""}${name}${looking}${back}`;
}

function parse(table: string): Spec[] {
  const or = (word: string | undefined) => word === "-" ? null : word as ColorId;
  return table.trim().split("\n").map((line) => {
    const [object, color, eyes, background] = line.split("|");
    return {
      object: object!,
      color: or(color),
      eyes: or(eyes),
      background: or(background) ?? "white",
    };
  });
}

/** What the seen prompts ask for. */
export const SEEN_SPECS: readonly Spec[] = parse(SEEN);

/** What the held-out prompts ask for: every look of the held-out list. */
export const HELD_OUT_SPECS: readonly Spec[] = HELD_OUT_LOOKS.map(({ object, color, eyes }) => ({
  object,
  color,
  eyes: eyes ?? null,
  background: "white",
}));

/** All prompts; seen and held out, English and Ukrainian take turns, so that any beginning is mixed. */
export function allPrompts(): Prompt[] {
  const result: Prompt[] = [];
  for (let i = 0; i < Math.max(SEEN_SPECS.length, HELD_OUT_SPECS.length); i++) {
    for (const [split, specs] of [["seen", SEEN_SPECS], ["held-out", HELD_OUT_SPECS]] as const) {
      const spec = specs[i];
      if (!spec) continue;
      if (
        isHeldOut([{ id: spec.object, color: spec.color, eyes: spec.eyes }]) !==
          (split === "held-out")
      ) {
        throw new RangeError(
          `Cannot evaluate: ${englishPrompt(spec)} is listed as ${split}; expected the other`,
        );
      }
      result.push({ ...spec, split, language: "en", text: englishPrompt(spec) });
      result.push({ ...spec, split, language: "uk", text: ukrainianPrompt(spec) });
    }
  }
  return result;
}
