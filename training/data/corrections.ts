/**
 * What a person saw on the contact sheets and the analysis did not, by `style/icon`.
 *
 * @module
 */
import type { ColorId } from "./color.ts";
import type { Eye } from "./eyes.ts";

/** Overrides of one drawing. */
export interface Correction {
  /** Leave this drawing out. */
  readonly drop?: true;
  readonly eyes?: readonly Eye[];
  readonly group?: readonly string[];
  /** The colour this drawing already has, where the held-out list needs to know. */
  readonly natural?: ColorId;
}

/** By `style/icon`. */
export const CORRECTIONS: Readonly<Record<string, Correction>> = {
  "noto/black-cat": { natural: "black" },
  "twemoji/black-cat": { natural: "black" },
  "fluent-emoji/black-cat": { natural: "black" },
  "fluent-emoji-flat/black-cat": { natural: "black" },
  "emojione/cat": { natural: "black" },
  "emojione/cat-face": { natural: "black" },
  "twemoji/dog": { eyes: [[0.222, 0.184, 0.027, 0.027]] },
  "fluent-emoji-flat/dog": { eyes: [[0.232, 0.345, 0.02, 0.03]] },
  "fxemoji/dogside": { eyes: [[0.19, 0.327, 0.025, 0.03]] },
  "noto/dog-face": { eyes: [[0.3295, 0.5547, 0.0452, 0.0565], [0.6666, 0.5557, 0.0452, 0.0565]] },
  "twemoji/cow": { eyes: [[0.22, 0.357, 0.03, 0.03]] },
  "noto/cow": { eyes: [[0.222, 0.304, 0.028, 0.028]] },
  "noto-v1/cow": { eyes: [[0.155, 0.322, 0.03, 0.035], [0.337, 0.34, 0.03, 0.035]] },
  "noto-v1/cow-face": { eyes: [[0.357, 0.41, 0.045, 0.055], [0.656, 0.41, 0.045, 0.055]] },
  "twemoji/tiger": { eyes: [[0.136, 0.472, 0.03, 0.03]] },
  "fluent-emoji-flat/tiger": { eyes: [[0.17, 0.41, 0.02, 0.03]] },
  "noto/tiger": { eyes: [[0.153, 0.424, 0.03, 0.03]] },
  "noto-v1/lion": { eyes: [[0.373, 0.384, 0.035, 0.04], [0.624, 0.384, 0.035, 0.04]] },
  "emojione/lion-face": { eyes: [[0.366, 0.404, 0.04, 0.045], [0.63, 0.404, 0.04, 0.045]] },
  "noto-v1/tiger-face": { group: [] },
  "fxemoji/penguin": { group: [] },
  "fluent-emoji-flat/penguin": { group: [] },
  "twemoji/penguin": { group: [] },
  "emojione/penguin": { group: [] },
  "emojione/horse-face": { eyes: [] },
  "fluent-emoji-flat/deer": { eyes: [] },
  "noto/robot": { eyes: [[0.335, 0.515, 0.085, 0.085], [0.67, 0.515, 0.085, 0.085]] },
  "noto-v1/robot": { eyes: [[0.33, 0.44, 0.075, 0.075], [0.665, 0.44, 0.075, 0.075]] },
  "fluent-emoji-flat/robot": { eyes: [[0.335, 0.45, 0.045, 0.06], [0.68, 0.45, 0.045, 0.06]] },
};

/** Objects whose eyes stay as drawn: too small, too many, or too often mistaken. */
export const PLAIN_EYES: ReadonlySet<string> = new Set(
  ("leopard zebra octopus otter peacock sloth hedgehog hippopotamus rhinoceros squirrel snail crab squid ladybug " +
    "butterfly ant spider bee lizard crocodile snake dinosaur dragon moose seal monster ogre skull giraffe kangaroo " +
    "camel ox skunk beaver turkey dove blowfish shark swan goose flamingo ghost alien devil gorilla raccoon chicken " +
    "rooster bat eagle snowman turtle whale dolphin").split(" ").concat(
      "sad face",
      "surprised face",
      "pumpkin",
    ),
);
