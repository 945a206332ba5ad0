import { assert, assertEquals, assertThrows } from "@std/assert";
import { toMask } from "./_mask.ts";
import { resize, toImage, toTensor } from "../mod.ts";
import pillow from "../testdata/pillow_lanczos.json" with { type: "json" };

Deno.test("toTensor() and toImage() are inverse for every byte", () => {
  const data = Uint8Array.from({ length: 256 * 3 }, (_, i) => i % 256);
  const picture = { width: 16, height: 16, data };
  const image = toImage({ data: toTensor(picture), shape: [1, 3, 16, 16] }, 0, 5);
  assertEquals(image.data, data);
  assertEquals(image.seed, 5);
});

Deno.test("toImage() clamps, and takes one sample of a batch", () => {
  const data = Float32Array.of(0, 0, 0, -9, 9, 0.5);
  const image = toImage({ data, shape: [2, 3, 1, 1] }, 1, 0);
  assertEquals([...image.data], [0, 255, 191]);
});

Deno.test("toTensor() drops transparency and repeats grey", () => {
  const rgba = { width: 1, height: 1, data: Uint8Array.of(255, 0, 255, 7) };
  assertEquals([...toTensor(rgba)], [1, -1, 1]);
  assertEquals([...toTensor({ width: 1, height: 1, data: Uint8Array.of(255) })], [1, 1, 1]);
});

Deno.test("pictures whose size and data disagree throw", () => {
  const bad = { width: 2, height: 2, data: new Uint8Array(10) };
  assertThrows(() => toTensor(bad), RangeError, "10 bytes for 2x2 pixels");
  assertThrows(() => toMask(bad), RangeError, "Cannot read mask");
  const none = { width: 0, height: 2, data: new Uint8Array(0) };
  assertThrows(() => toTensor(none), RangeError, "0x2");
});

for (const { width, height, data } of pillow.resized) {
  Deno.test(`resize() to ${width}x${height} gives Pillow's bytes`, () => {
    const picture = { ...pillow.image, data: Uint8Array.from(pillow.image.data) };
    const actual = resize(picture, width, height).data;
    // Pillow's weights are 22-bit integers, so a value near one half may round the other way.
    assert(actual.length === data.length);
    actual.forEach((value, i) => assert(Math.abs(value - data[i]!) <= 1, `${i}: ${value}`));
    const equal = data.filter((value, i) => value === actual[i]).length;
    assert(equal > 0.98 * data.length, `${equal} of ${data.length} bytes are equal`);
  });
}

Deno.test("resize() keeps each channel of RGBA and of grey", () => {
  for (const channels of [1, 4]) {
    const data = Uint8Array.from({ length: 16 * channels }, (_, i) => 10 * (i % channels) + 5);
    const small = resize({ width: 4, height: 4, data }, 3, 2);
    assertEquals(
      [...small.data],
      Array.from({ length: 6 * channels }, (_, i) => 10 * (i % channels) + 5),
    );
  }
});

Deno.test("toMask() weighs colours by brightness", () => {
  const data = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 128, 128, 128, 127, 127, 127);
  assertEquals([...toMask({ width: 5, height: 1, data })], [0, 1, 0, 1, 0]);
});
