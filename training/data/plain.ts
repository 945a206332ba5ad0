/**
 * Renders every unedited icon once, on white: what an autoencoder can start on at once.
 * `deno run -A training/data/plain.ts --out DIR [--size 256]`
 *
 * @module
 */
import { parseArgs } from "node:util";
import { loadIconSet, STYLES } from "./icon_sets.ts";
import { rasterise } from "./rasterise.ts";
import { SHARD_LENGTH, writeShard } from "./shards.ts";

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: { out: { type: "string" }, size: { type: "string", default: "256" } },
  });
  if (values.out === undefined) {
    throw new TypeError("Cannot render: --out is missing; expected a folder");
  }
  const size = Number(values.size);
  await Deno.mkdir(values.out, { recursive: true });

  const icons = STYLES.flatMap(loadIconSet);
  // A fixed stride that shares no factor with the length mixes the styles over the shards.
  const order = icons.map((_, i) => icons[(i * 7919) % icons.length]!);
  const started = performance.now();
  let shard = 0;
  for (let from = 0; from < order.length; from += SHARD_LENGTH) {
    const part = order.slice(from, from + SHARD_LENGTH);
    const images = new Uint8Array(part.length * size * size * 3);
    await Promise.all(part.map(async (icon, i) => {
      const svg =
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
        `width="${size}" height="${size}" viewBox="0 0 ${icon.width} ${icon.height}">${icon.body}</svg>`;
      images.set(await rasterise(svg, size), i * size * size * 3);
    }));
    const records = part.map(({ style, name }) => ({ style, name, background: "white" }));
    await writeShard(values.out, shard++, records, images);
  }
  const seconds = (performance.now() - started) / 1000;
  await Deno.writeTextFile(`${values.out}/DONE`, `${order.length}\n`);
  console.log(
    `${order.length} icons in ${seconds.toFixed(1)} s: ${
      (order.length / seconds).toFixed(0)
    } a second`,
  );
}
