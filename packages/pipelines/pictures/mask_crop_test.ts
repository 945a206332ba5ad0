/** Inpainting of the part around a mask alone. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { cropRegion } from "./_mask_crop.ts";
import { fromPretrained, type Picture } from "../mod.ts";
import recorded from "../testdata/crop_regions.json" with { type: "json" };

const folder = new URL("../../../tests/fixtures/pipelines/sd", import.meta.url).pathname;

function box(width: number, height: number, [x, y, across, down]: readonly number[]): Picture {
  const inside = (i: number) => {
    const column = i % width - x!, row = Math.floor(i / width) - y!;
    return column >= 0 && column < across! && row >= 0 && row < down!;
  };
  const data = Uint8Array.from({ length: width * height }, (_, i) => inside(i) ? 255 : 0);
  return { width, height, data };
}

Deno.test("cropRegion() cuts out what diffusers' get_crop_region does", () => {
  for (const { size, mask, padding, output, region } of recorded.cases) {
    const [width, height] = size as [number, number];
    const [across, down] = output as [number, number];
    const own = cropRegion(
      Float32Array.from(box(width, height, mask).data),
      { width, height },
      padding,
      across / down,
    );
    assertEquals([own.x, own.y, own.width, own.height], region, JSON.stringify({ size, mask }));
  }
});

Deno.test("Inpaint with paddingMaskCrop repaints a part at full size and keeps the rest", async () => {
  await using model = await fromPretrained(folder, { device: "cpu", optimisedCacheDir: false });
  const [width, height] = [150, 90];
  const image = {
    width,
    height,
    data: Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 7) % 256),
  };
  const mask = box(width, height, [100, 20, 12, 9]);
  const input = { prompt: "the sea", image, mask, paddingMaskCrop: 8 };
  const stream = model.inpaint.stream(input, { steps: 2, seed: 3 });
  let shape: readonly number[] = [];
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) shape = next.value.shape;
  assertEquals(shape.slice(2).map((cells) => cells * 8), [64, 64]); // the model's own size
  const [made] = next.value;
  assertEquals([made!.width, made!.height, made!.seed], [width, height, 3]);
  let changed = 0;
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      if (made!.data[3 * i + c] === image.data[3 * i + c]) continue;
      assertEquals(mask.data[i], 255, `pixel ${i} lies outside the mask`);
      changed++;
    }
  }
  assert(changed > 12 * 9, `${changed} values changed`);
});

Deno.test("Inpaint refuses a padding or a mask that makes no region", async () => {
  await using model = await fromPretrained(folder, { device: "cpu", optimisedCacheDir: false });
  const image = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64) };
  const run = (mask: Picture, paddingMaskCrop: number) => () =>
    model.inpaint.generate({ prompt: "", image, mask, paddingMaskCrop });
  const light = box(64, 64, [1, 1, 5, 5]);
  await assertRejects(run(light, 1.5), RangeError, "paddingMaskCrop is 1.5");
  await assertRejects(run(box(64, 64, [0, 0, 0, 0]), 4), RangeError, "dark all over");
});
