/**
 * The drawings: eight open emoji sets as vector icons from npm, without skin-tone variants.
 *
 * @module
 */
import { createRequire } from "node:module";

/** The name of an icon set, as npm spells it after `@iconify-json/`. */
export type StyleId =
  | "noto"
  | "noto-v1"
  | "fxemoji"
  | "fluent-emoji"
  | "fluent-emoji-flat"
  | "twemoji"
  | "emojione"
  | "streamline-emojis";

/** All sets, in the order in which plain renders list them. */
export const STYLES: readonly StyleId[] = [
  "noto",
  "noto-v1",
  "fxemoji",
  "fluent-emoji",
  "fluent-emoji-flat",
  "twemoji",
  "emojione",
  "streamline-emojis",
];

/** One drawing: the inside of an `<svg>` whose view box is `0 0 width height`. */
export interface Icon {
  readonly style: StyleId;
  /** The icon's name in its set, such as `cat-face`. */
  readonly name: string;
  readonly body: string;
  readonly width: number;
  readonly height: number;
}

interface IconifyJson {
  readonly icons: Record<
    string,
    { body: string; width?: number; height?: number; hidden?: boolean }
  >;
  readonly width?: number;
  readonly height?: number;
}

const SKIN_TONE =
  /(^|-)(light|medium|medium-light|medium-dark|dark)-skin-tone|-(light|medium|dark)$|tone[1-5]/;
const require = createRequire(import.meta.url);

/** Reads one set from the installed npm package; icons come sorted by name. */
export function loadIconSet(style: StyleId): Icon[] {
  const path = require.resolve(`@iconify-json/${style}/icons.json`);
  const json = JSON.parse(Deno.readTextFileSync(path)) as IconifyJson;
  return Object.entries(json.icons)
    .filter(([name, icon]) => !icon.hidden && !SKIN_TONE.test(name))
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, icon]) => ({
      style,
      name,
      body: icon.body,
      width: icon.width ?? json.width ?? 16,
      height: icon.height ?? json.height ?? 16,
    }));
}
