/**
 * How often what is drawn: the concentration that lets a small model learn.
 *
 * @module
 */
import type { ColorId } from "./color.ts";
import type { CoreObject } from "./core_objects.ts";
import type { StyleId } from "./icon_sets.ts";

/**
 * How often each style is drawn, where it has the object. One style leads: where a caption names none,
 * the mean of many styles is a blur.
 */
export const STYLE_WEIGHT: Readonly<Record<StyleId, number>> = {
  "noto": 0.42,
  "twemoji": 0.19,
  "fluent-emoji-flat": 0.19,
  "noto-v1": 0.07,
  "emojione": 0.06,
  "fxemoji": 0.04,
  "streamline-emojis": 0.015,
  "fluent-emoji": 0.015,
};

/** How many times as often as in profile an object looks at us, where a style has both: eyes are larger so. */
export const FRONT_WEIGHT = 2.5;
/** How often eyes are coloured. */
export const EYE_SHARE = { front: 0.85, profile: 0.35 } as const;
/** How many single objects stand in the middle, in one size, unflipped. */
export const PLAIN_SHARE = 0.45;

/** How often each animal is drawn; those not listed weigh 0.5. */
const ANIMAL_WEIGHT: Readonly<Record<string, number>> = {
  cat: 10,
  dog: 6,
  fox: 3,
  rabbit: 2.5,
  bear: 2,
  panda: 2,
  wolf: 2,
  frog: 2,
  owl: 2,
  mouse: 1.5,
  pig: 1.5,
  tiger: 1.5,
  lion: 1.5,
  unicorn: 1.5,
  horse: 1.2,
  robot: 1.5,
  ghost: 1,
  bird: 1.5,
  penguin: 1.2,
  monkey: 1.2,
  cow: 1.2,
  koala: 1,
  hamster: 1,
  chick: 1,
  fish: 1,
  dragon: 1,
  elephant: 1,
  smiley: 1.5,
};

/** Things drawn more often than the rest. */
const THING_WEIGHT: Readonly<Record<string, number>> = {
  heart: 4,
  star: 3,
  apple: 3,
  car: 3,
  flower: 2.5,
  sun: 2,
  moon: 2,
  house: 2.5,
  rocket: 2.5,
  tree: 2,
  bus: 2,
  umbrella: 2,
  crown: 2,
  mushroom: 2,
  rose: 1.5,
  balloon: 2,
  cake: 1.5,
  banana: 1.5,
  book: 1.5,
  gift: 1.5,
};

/** The weight of an animal among animals. */
export const animalWeight = ({ id }: CoreObject): number => ANIMAL_WEIGHT[id] ?? 0.5;
/** The weight of a thing among things. */
export const thingWeight = ({ id }: CoreObject): number => THING_WEIGHT[id] ?? 1;

/** Colours that people ask for most come somewhat more often. */
export const colorWeight = (color: ColorId): number =>
  color === "black" || color === "white" || color === "red" ? 1.4 : 1;
/** Eye colours, likewise. */
export const eyeWeight = (color: ColorId): number =>
  ({ red: 2, green: 2, blue: 2, yellow: 1.6 } as Partial<Record<ColorId, number>>)[color] ?? 0.8;
