/**
 * English captions.
 *
 * @module
 */
import { STYLE_WORDS } from "./captions.ts";
import type { ColorId } from "./color.ts";
import type { Random } from "./random.ts";
import type { SceneObject } from "./dress.ts";
import type { Scene } from "./scene.ts";

const SIZES = { small: ["small", "tiny", "little"], large: ["large", "big", "huge"] } as const;
const IRREGULAR: Readonly<Record<string, string>> = {
  mouse: "mice",
  goose: "geese",
  tooth: "teeth",
  sheep: "sheep",
  fish: "fish",
  deer: "deer",
  moose: "moose",
  dice: "dice",
  cherries: "cherries",
  "paw prints": "paw prints",
};

/** The plural of a noun phrase's last word. */
export function plural(noun: string): string {
  const of = noun.indexOf(" of ");
  if (of > 0) return plural(noun.slice(0, of)) + noun.slice(of);
  const known = IRREGULAR[noun];
  if (known !== undefined) return known;
  if (/(wolf|leaf)$/.test(noun)) return noun.replace(/f$/, "ves");
  if (/[^aeiou]y$/.test(noun)) return noun.replace(/y$/, "ies");
  if (/(s|x|ch|sh|tomato|potato|mango)$/.test(noun)) return noun + "es";
  return noun + "s";
}

const article = (phrase: string) => /^([aeio]|u[^fns]|umb|unu)/i.test(phrase) ? "an " : "a ";
const spelled = (color: ColorId, random: Random) =>
  color === "gray" && random.chance(0.35) ? "grey" : color;

function named(object: SceneObject, random: Random): string {
  const names = object.core?.english ?? object.other?.english ?? [];
  const name = random.chance(0.7) ? names[0]! : random.pick(names);
  return object.face && random.chance(0.2) && !/face/.test(name)
    ? `${name} ${random.pick(["face", "head"])}`
    : name;
}

/** Every attribute that is not its default, in one of several orders. */
function phrase(object: SceneObject, random: Random, size?: Scene["size"], count = 1): string {
  const one = named(object, random);
  const name = count > 1 ? plural(one) : one;
  const big = size ? random.pick(SIZES[size]) + " " : "";
  const color = object.color && spelled(object.color, random);
  const eyes = object.eyes && spelled(object.eyes, random);
  const colored = color ? `${color} ${name}` : name;
  if (!eyes) {
    const roll = random.next();
    if (color && roll < 0.06) return `${big}${name} in ${color}`;
    if (color && roll < 0.12) return `${big}${name} that ${count > 1 ? "are" : "is"} ${color}`;
    if (color && roll < 0.16) return `${big}${name}, ${color}`;
    return big + colored;
  }
  const roll = random.next();
  if (roll < 0.66) return `${big}${colored} with ${eyes} eyes`;
  if (roll < 0.74) return `${big}${eyes}-eyed ${colored}`;
  if (roll < 0.8) return `${big}${colored}, ${eyes} eyes`;
  if (roll < 0.85) {
    return `${big}${colored} that has ${eyes} eyes`.replace(
      "that has",
      count > 1 ? "that have" : "that has",
    );
  }
  if (roll < 0.9) return `${big}${colored} and ${eyes} eyes`.replace(" and ", " having ");
  if (color && roll < 0.95) return `${big}${name}, ${color}, with ${eyes} eyes`;
  return `${big}${colored} whose eyes are ${eyes}`;
}

function subject(scene: Scene, random: Random): string {
  const [first, second] = scene.objects;
  const determined = (text: string, share: number) =>
    random.chance(share) ? article(text) + text : text;
  if (second) {
    const share = random.chance(0.6) ? 1 : 0;
    const a = determined(phrase(first!, random), share),
      b = determined(phrase(second, random), share);
    if (random.chance(0.3)) return random.chance(0.5) ? `${a} and ${b}` : `${b} and ${a}`;
    if (scene.relation === "above") {
      return random.chance(0.6) ? `${a} above ${b}` : `${b} below ${a}`;
    }
    if (scene.relation === "front") {
      return random.chance(0.6) ? `${a} in front of ${b}` : `${b} behind ${a}`;
    }
    const left = random.chance(0.25);
    if (left) return `${a} on the left, ${b} on the right`;
    return random.chance(0.5) ? `${a} next to ${b}` : `${b} beside ${a}`;
  }
  const text = phrase(first!, random, scene.size, scene.count);
  if (scene.count > 1) {
    return `${
      scene.count === 2 ? random.pick(["two", "two", "2"]) : random.pick(["three", "three", "3"])
    } ${text}`;
  }
  const roll = random.next();
  if (roll < 0.5) return text;
  if (roll < 0.78) return article(text) + text;
  const prefix = random.pick([
    "a picture of",
    "an emoji of",
    "a drawing of",
    "an icon of",
    "an image of",
    "picture of",
    "drawing of",
  ]);
  return `${prefix} ${article(text)}${text}`;
}

/** One caption. */
export function englishCaption(scene: Scene, random: Random): string {
  let text = subject(scene, random);
  const background = spelled(scene.background, random);
  if (scene.background === "white" ? random.chance(0.1) : random.chance(0.96)) {
    const roll = random.next();
    if (roll < 0.7) text += ` on ${article(background)}${background} background`;
    else if (roll < 0.85) text += `, ${background} background`;
    else if (roll < 0.93) text += ` on ${background}`;
    else text = `${background} background, ${text}`;
  }
  if (random.chance(0.45)) {
    const style = random.pick<string>(STYLE_WORDS[scene.style]);
    const roll = random.next();
    if (roll < 0.45) text += `, ${style} style`;
    else if (roll < 0.7) text += ` in ${style} style`;
    else if (roll < 0.9) text += `, ${style}`;
    else text = `${style} ${text}`.replace(/^(\S+(?: \S+)?) an? /, "$1 ");
  }
  return text;
}
