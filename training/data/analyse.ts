/**
 * Looks at every drawing of the core objects once and writes what it finds to `drawings.json`:
 * which colours are the object's own and where its eyes are. The file is committed, so that
 * sampling needs no pixels, and so that a wrong finding can be corrected in `corrections.ts`.
 * `deno run -A training/data/analyse.ts`
 *
 * @module
 */
import { CORRECTIONS, PLAIN_EYES } from "./corrections.ts";
import { CORE_OBJECTS } from "./core_objects.ts";
import type { Drawing } from "./drawings.ts";
import { findEyes } from "./eyes.ts";
import { type Icon, loadIconSet, STYLES } from "./icon_sets.ts";
import { dominantGroup, gradientId, gradientStops, mapColors } from "./paint.ts";
import { rasterise } from "./rasterise.ts";
import { type Element, mapAttributes, parseSvg, writeSvg } from "./svg.ts";

const SIZE = 96;

/** Visible pixels per flat colour or gradient stop: each paint is replaced by its number, and counted. */
async function paintAreas(icon: Icon, elements: readonly Element[]): Promise<Map<string, number>> {
  const paints: string[] = [];
  const number = (paint: string) => {
    if (paint === "none" || paint === "currentcolor") return undefined;
    let index = paints.indexOf(paint);
    if (index < 0) index = paints.push(paint) - 1;
    return "#" + ((index + 1) * 0x030507).toString(16).padStart(6, "0");
  };
  const flat = mapAttributes(mapColors(elements, number), ({ tag, attributes }) => {
    const { opacity: _, filter: __, "fill-opacity": ___, ...rest } = attributes;
    const mask = tag === "g" && attributes["mask"] !== undefined ? { "data-mask": "" } : {};
    return { ...rest, ...mask, "shape-rendering": "crispEdges" };
  });
  const pixels = await rasterise(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${SIZE}" ` +
      `height="${SIZE}" viewBox="0 0 ${icon.width} ${icon.height}"><g fill="#000000">${
        writeSvg(flat)
      }</g></svg>`,
    SIZE,
  );
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i += 3) {
    const rgb = pixels[i]! << 16 | pixels[i + 1]! << 8 | pixels[i + 2]!;
    counts.set(rgb, (counts.get(rgb) ?? 0) + 1);
  }
  const stops = gradientStops(elements);
  const areas = new Map<string, number>();
  for (const [index, paint] of paints.entries()) {
    const area = (counts.get((index + 1) * 0x030507) ?? 0) / SIZE ** 2;
    const id = gradientId(paint);
    const colors = id === undefined
      ? [paint]
      : (stops.get(id) ?? []).map((color) => color.toLowerCase());
    for (const color of colors) areas.set(color, (areas.get(color) ?? 0) + area / colors.length);
  }
  for (const [color, area] of areas) if (area < 0.002) areas.delete(color);
  return areas;
}

if (import.meta.main) {
  const sets = new Map(
    STYLES.map((style) => [style, new Map(loadIconSet(style).map((icon) => [icon.name, icon]))]),
  );
  const drawings: Drawing[] = [];
  for (const object of CORE_OBJECTS) {
    const hasEyes = object.kind === "animal" && !PLAIN_EYES.has(object.id);
    for (const style of STYLES) {
      const seen = new Set<string>();
      for (const name of object.icons) {
        const set = sets.get(style)!;
        const icon = set.get(name) ??
          (style === "fxemoji" ? set.get(name.replaceAll("-", "")) : undefined);
        if (!icon || seen.has(icon.name)) continue;
        seen.add(icon.name);
        const correction = CORRECTIONS[`${style}/${icon.name}`] ?? {};
        if (correction.drop) continue;
        const elements = parseSvg(icon.body);
        const group = object.recolour && style !== "fluent-emoji"
          ? dominantGroup(await paintAreas(icon, elements))
          : [];
        drawings.push({
          object: object.id,
          style,
          icon: icon.name,
          group: correction.group ?? group,
          eyes: correction.eyes ?? (hasEyes ? findEyes(elements, icon.width) : []),
          ...(correction.natural ? { natural: correction.natural } : {}),
        });
      }
    }
  }
  const path = new URL("./drawings.json", import.meta.url);
  Deno.writeTextFileSync(
    path,
    "[\n" + drawings.map((drawing) => "  " + JSON.stringify(drawing)).join(",\n") + "\n]\n",
  );
  console.log(
    `${drawings.length} drawings, ${
      drawings.filter((drawing) => drawing.eyes.length > 0).length
    } with eyes`,
  );
}
