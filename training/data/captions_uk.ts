/**
 * Ukrainian captions. Nouns stay in the nominative; adjectives agree in gender and number.
 *
 * @module
 */
import { STYLE_WORDS } from "./captions.ts";
import type { ColorId } from "./color.ts";
import type { Gender, UkrainianName } from "./core_objects.ts";
import type { Random } from "./random.ts";
import type { SceneObject } from "./dress.ts";
import type { Scene } from "./scene.ts";

/** Adjective stems of each colour, the usual one first. They are hard; `син` alone is soft. */
export const STEMS: Readonly<Record<ColorId, readonly string[]>> = {
  black: ["чорн"],
  white: ["біл"],
  gray: ["сір"],
  red: ["червон"],
  orange: ["помаранчев", "помаранчев", "оранжев"],
  yellow: ["жовт"],
  green: ["зелен"],
  blue: ["син", "син", "син", "блакитн", "голуб"],
  purple: ["фіолетов"],
  pink: ["рожев"],
  brown: ["коричнев"],
  turquoise: ["бірюзов"],
};

type Form = Gender | "genitive" | "locative" | "instrumental";
const HARD: Readonly<Record<Form, string>> = {
  m: "ий",
  f: "а",
  n: "е",
  p: "і",
  genitive: "ого",
  locative: "ому",
  instrumental: "ими",
};
const SOFT: Readonly<Record<Form, string>> = {
  m: "ій",
  f: "я",
  n: "є",
  p: "і",
  genitive: "ього",
  locative: "ьому",
  instrumental: "іми",
};

/** An adjective's stem in a form. */
export function inflect(stem: string, form: Form): string {
  return stem + (stem === "син" ? SOFT : HARD)[form];
}

const SIZES = {
  small: ["маленьк", "невелик", "крихітн"],
  large: ["велик", "велик", "величезн"],
} as const;

function named(object: SceneObject, random: Random, counted: boolean): UkrainianName {
  const names = object.core?.ukrainian ??
    [{ name: object.other!.ukrainian[0]!, gender: "m" as const }];
  const usable = counted ? names.filter(({ plural }) => plural !== undefined) : names;
  return random.chance(0.65) ? usable[0]! : random.pick(usable);
}

function phrase(
  object: SceneObject,
  random: Random,
  size: Scene["size"] = null,
  count = 1,
): string {
  const noun = named(object, random, count > 1);
  const form: Form = count > 1 ? "p" : noun.gender;
  let name = count > 1 ? noun.plural! : noun.name;
  if (object.face && count === 1 && random.chance(0.12)) {
    name += random.pick([" (мордочка)", ", мордочка"]);
  }
  const stem = object.color && random.pick(STEMS[object.color]);
  const eyeStem = object.eyes &&
    (object.eyes === "brown" && random.chance(0.5) ? "кар" : random.pick(STEMS[object.eyes]));
  const big = size ? inflect(random.pick(SIZES[size]), form) + " " : "";
  const number = count === 1 ? "" : count === 3 ? "три " : noun.gender === "f" ? "дві " : "два ";
  const lead = number + big;
  const colored = stem ? `${inflect(stem, form)} ${name}` : name;
  const roll = random.next();
  if (!eyeStem) {
    if (stem && roll < 0.08) return `${lead}${name} ${inflect(stem, "genitive")} кольору`;
    if (stem && roll < 0.13) return `${lead}${name}, ${inflect(stem, form)}`;
    return lead + colored;
  }
  const eyes = inflect(eyeStem, "instrumental");
  if (roll < 0.7) return `${lead}${colored} з ${eyes} очима`;
  if (roll < 0.78) return `${lead}${colored}, очі ${inflect(eyeStem, "p")}`;
  if (roll < 0.85) {
    return `${lead}${colored}, у ${count > 1 ? "них" : noun.gender === "f" ? "неї" : "нього"} ${
      inflect(eyeStem, "p")
    } очі`;
  }
  if (roll < 0.92 && stem) {
    return `${lead}${name} ${inflect(stem, "genitive")} кольору з ${eyes} очима`;
  }
  return `${lead}${colored} із ${eyes} очима`;
}

function subject(scene: Scene, random: Random): string {
  const [first, second] = scene.objects;
  if (second) {
    const a = phrase(first!, random), b = phrase(second, random);
    const and = random.pick(["і", "та", "й"].slice(0, 2));
    if (random.chance(0.35)) return random.chance(0.5) ? `${a} ${and} ${b}` : `${b} ${and} ${a}`;
    if (scene.relation === "above") {
      return random.chance(0.5) ? `${a} зверху, ${b} знизу` : `угорі ${a}, унизу ${b}`;
    }
    if (scene.relation === "front") {
      return random.chance(0.5) ? `спереду ${a}, позаду ${b}` : `${a} попереду, ${b} позаду`;
    }
    return random.chance(0.5) ? `${a} ${and} ${b} поруч` : `${a} ліворуч, ${b} праворуч`;
  }
  const text = phrase(first!, random, scene.size, scene.count);
  if (scene.count > 1 || random.chance(0.8)) return text;
  return random.pick(["малюнок: ", "картинка: ", "емодзі: ", "значок: ", "зображення: "]) + text;
}

/** One caption. */
export function ukrainianCaption(scene: Scene, random: Random): string {
  let text = subject(scene, random);
  if (scene.background === "white" ? random.chance(0.1) : random.chance(0.96)) {
    const stem = random.pick(STEMS[scene.background]);
    const roll = random.next();
    if (roll < 0.6) text += ` на ${inflect(stem, "locative")} тлі`;
    else if (roll < 0.8) text += ` на ${inflect(stem, "locative")} фоні`;
    else if (roll < 0.9) text += `, ${inflect(stem, "n")} тло`;
    else text = `${inflect(stem, "m")} фон, ${text}`;
  }
  if (random.chance(0.45)) {
    const style = random.pick<string>(STYLE_WORDS[scene.style]);
    const roll = random.next();
    if (roll < 0.5) text += `, стиль ${style}`;
    else if (roll < 0.75) text += ` у стилі ${style}`;
    else text += `, ${style}`;
  }
  return text;
}
