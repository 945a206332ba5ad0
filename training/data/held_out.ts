/**
 * Combinations that no training picture or caption ever shows. What the model makes of them is
 * composed, not remembered; the README's own demo picture, a black cat with red eyes, is the first.
 *
 * @module
 */
import type { ColorId } from "./color.ts";

/** An object in a colour, with eyes in a colour or (where undefined) with any eyes. */
export interface HeldOutLook {
  readonly object: string;
  readonly color: ColorId;
  readonly eyes?: ColorId;
}

function looks(table: string): HeldOutLook[] {
  return table.trim().split("\n").map((line) => {
    const [object, color, eyes] = line.split("|");
    return { object: object!, color: color as ColorId, ...(eyes ? { eyes: eyes as ColorId } : {}) };
  });
}

/** Object × colour × eyes, and object × colour. */
export const HELD_OUT_LOOKS: readonly HeldOutLook[] = looks(`
cat|black|red
cat|white|blue
cat|green|yellow
cat|purple|turquoise
dog|black|green
dog|blue|yellow
dog|pink|green
fox|purple|yellow
fox|white|red
wolf|black|yellow
wolf|red|green
bear|blue|red
bear|white|green
panda|pink|blue
koala|green|red
tiger|blue|yellow
lion|purple|green
rabbit|black|red
rabbit|turquoise|pink
mouse|green|purple
hamster|gray|blue
frog|red|yellow
frog|purple|green
monkey|blue|orange
pig|black|red
pig|green|blue
cow|purple|red
horse|pink|green
unicorn|black|red
owl|blue|red
owl|white|green
bird|black|yellow
chick|purple|red
penguin|red|blue
fish|black|red
elephant|green|purple
car|purple
apple|blue
heart|turquoise
star|pink
rocket|green
house|purple
umbrella|brown
bus|pink
crown|green
mushroom|purple
flower|black
balloon|brown
banana|pink
key|purple
`);

/** Objects that never stand in one picture, in whatever order, colour or relation. */
export const HELD_OUT_PAIRS: readonly (readonly [string, string])[] = [
  ["cat", "robot"],
  ["cat", "moon"],
  ["dog", "rocket"],
  ["dog", "star"],
  ["fox", "umbrella"],
  ["panda", "pizza"],
  ["owl", "heart"],
  ["frog", "crown"],
  ["rabbit", "carrot"],
  ["bear", "balloon"],
  ["car", "tree"],
  ["apple", "banana"],
  ["sun", "house"],
  ["ghost", "cake"],
];

/** What the list is matched against: an object's effective colours, drawn or named. */
export interface Look {
  readonly id: string;
  readonly color: ColorId | null;
  readonly eyes: ColorId | null;
}

/** Whether these objects, in one picture, show anything that is held out. */
export function isHeldOut(objects: readonly Look[]): boolean {
  const look = objects.some(({ id, color, eyes }) =>
    HELD_OUT_LOOKS.some((out) =>
      out.object === id && out.color === color && (out.eyes === undefined || out.eyes === eyes)
    )
  );
  const ids = new Set(objects.map(({ id }) => id));
  return look || HELD_OUT_PAIRS.some(([a, b]) => ids.has(a) && ids.has(b));
}
