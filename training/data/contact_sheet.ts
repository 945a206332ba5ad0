/**
 * Contact sheets to look at: every drawing of some objects, as it is and recoloured with coloured eyes.
 * `deno run -A training/data/contact_sheet.ts --out sheet.png --color black --eyes green [objects…]`
 *
 * @module
 */
import { parseArgs } from "node:util";
import sharp, { type OverlayOptions } from "sharp";
import { type ColorId, PALETTE, parseColor, toOklch } from "./color.ts";
import { compose } from "./compose.ts";
import { CORE_OBJECTS } from "./core_objects.ts";
import { DRAWINGS } from "./drawings.ts";
import { STYLES } from "./icon_sets.ts";

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      out: { type: "string", default: "sheet.png" },
      color: { type: "string" },
      eyes: { type: "string" },
      cell: { type: "string", default: "128" },
    },
  });
  const cell = Number(values.cell);
  const tone = (color: string) => toOklch(parseColor(PALETTE[color as ColorId])!);
  const objects = CORE_OBJECTS.filter(({ id }) =>
    positionals.length === 0 || positionals.includes(id.replaceAll(" ", "_"))
  );
  const tiles: OverlayOptions[] = [];
  for (const [row, { id }] of objects.entries()) {
    for (const [column, style] of STYLES.entries()) {
      const drawings = DRAWINGS.filter((drawing) =>
        drawing.object === id && drawing.style === style
      );
      for (const [i, { icon, group, eyes }] of drawings.slice(0, 2).entries()) {
        const svg = compose({
          background: tone("white"),
          objects: [{
            style,
            icon,
            ...(values.color && group.length
              ? { paint: { group, tone: tone(values.color), color: values.color as ColorId } }
              : {}),
            ...(values.eyes && eyes.length
              ? { eyes: { at: eyes, tone: tone(values.eyes), color: values.eyes as ColorId } }
              : {}),
            x: 0.5,
            y: 0.5,
            size: 0.85,
            flip: false,
          }],
        }, cell);
        const input = await sharp(new TextEncoder().encode(svg)).png().toBuffer();
        tiles.push({ input, left: (2 * column + i) * cell, top: row * cell });
      }
    }
  }
  await sharp({
    create: {
      width: 2 * STYLES.length * cell,
      height: objects.length * cell,
      channels: 3,
      background: "#ffffff",
    },
  }).composite(tiles).png().toFile(values.out);
}
