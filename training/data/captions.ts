/**
 * Captions that are true of a scene, four in each language.
 *
 * @module
 */
import { englishCaption } from "./captions_en.ts";
import { ukrainianCaption } from "./captions_uk.ts";
import type { Random } from "./random.ts";
import type { Scene } from "./scene.ts";

/** How many captions each language has per record. */
export const CAPTIONS = 4;

/** As people type: mostly plain, now and then a capital letter or a full stop. */
function typed(caption: string, random: Random): string {
  const roll = random.next();
  let text = caption;
  if (roll < 0.14) text = text[0]!.toUpperCase() + text.slice(1);
  else if (roll > 0.99) text = text.toUpperCase();
  return random.chance(0.1) ? text + (random.chance(0.85) ? "." : "!") : text;
}

/** The captions of a scene, English and Ukrainian. */
export function captions(
  scene: Scene,
  random: Random,
): { captions_en: string[]; captions_uk: string[] } {
  const write = (one: (scene: Scene, random: Random) => string) =>
    Array.from({ length: CAPTIONS }, () => typed(one(scene, random), random));
  return { captions_en: write(englishCaption), captions_uk: write(ukrainianCaption) };
}

/** What captions call each style. */
export const STYLE_WORDS = {
  "noto": ["noto"],
  "noto-v1": ["noto blob", "old noto"],
  "fxemoji": ["fxemoji"],
  "fluent-emoji": ["fluent 3d", "3d"],
  "fluent-emoji-flat": ["fluent", "fluent flat"],
  "twemoji": ["twemoji"],
  "emojione": ["emojione"],
  "streamline-emojis": ["streamline", "outline"],
} as const;
