/**
 * The long tail: emoji that no core object uses, named by emojibase in both languages.
 *
 * @module
 */
import { createRequire } from "node:module";
import { DRAWINGS } from "./drawings.ts";
import { loadIconSet, type StyleId } from "./icon_sets.ts";

/** One unedited drawing with its names. */
export interface OtherDrawing {
  /** The emoji's hexcode. */
  readonly object: string;
  readonly style: StyleId;
  readonly icon: string;
  readonly english: readonly string[];
  readonly ukrainian: readonly string[];
}

interface Emoji {
  readonly label: string;
  readonly hexcode: string;
  readonly group?: number;
  readonly tags?: readonly string[];
}

/** Sets whose icon names are the emoji's names; the other two name too few of theirs so. */
const NAMED: readonly StyleId[] = [
  "noto",
  "twemoji",
  "fluent-emoji-flat",
  "emojione",
  "noto-v1",
  "streamline-emojis",
];
/** emojibase groups: 1 people, 8 symbols, 9 flags: too many that look alike at this size. */
const SKIPPED_GROUPS = new Set([1, 9]);

const slug = (label: string) =>
  label.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f’'.:,()!“”&]/g, "").trim().replace(
    /[^a-z0-9]+/g,
    "-",
  );

/** All of them, sorted by style and icon. */
export function loadOtherDrawings(): OtherDrawing[] {
  const require = createRequire(import.meta.url);
  const read = (language: string) =>
    JSON.parse(
      Deno.readTextFileSync(require.resolve(`emojibase-data/${language}/data.json`)),
    ) as Emoji[];
  const ukrainian = new Map(read("uk").map((emoji) => [emoji.hexcode, emoji]));
  const bySlug = new Map(read("en").map((emoji) => [slug(emoji.label), emoji]));
  const used = new Set(DRAWINGS.map(({ style, icon }) => `${style}/${icon}`));
  const result: OtherDrawing[] = [];
  for (const style of NAMED) {
    for (const { name } of loadIconSet(style)) {
      const emoji = bySlug.get(name);
      const own = emoji && ukrainian.get(emoji.hexcode);
      if (!emoji || !own || emoji.group === undefined || SKIPPED_GROUPS.has(emoji.group)) continue;
      // Cat faces in other moods would blur what "cat" looks like.
      if (used.has(`${style}/${name}`) || /(^|-)cat(-|$)|keycap|button$/.test(name)) continue;
      result.push({
        object: emoji.hexcode,
        style,
        icon: name,
        english: [emoji.label.toLowerCase()],
        ukrainian: [own.label.toLowerCase()],
      });
    }
  }
  return result;
}
