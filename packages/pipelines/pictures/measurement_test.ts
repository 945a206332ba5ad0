import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { torchRandom } from "@shum/schedulers";
import {
  blockMeasurement,
  greyMeasurement,
  maskMeasurement,
  type Measurement,
  wholeMeasurement,
} from "./measurement.ts";

const [width, height] = [12, 8];
const halves = {
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => i % width < 5 ? 255 : 0),
};
const MEASUREMENTS: readonly Measurement[] = [
  greyMeasurement(),
  blockMeasurement(4),
  blockMeasurement(2),
  maskMeasurement(halves),
  wholeMeasurement(),
];

function random(seed: number): Float32Array {
  const x = new Float32Array(3 * width * height);
  torchRandom(seed).fill(x);
  return x;
}
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

for (const measurement of MEASUREMENTS) {
  const { name, factor } = measurement;
  Deno.test(`the ${name} measurement${factor > 1 ? ` by ${factor}` : ""} sees an orthogonal part of a picture`, () => {
    const [x, y] = [random(1), random(2)];
    const seen = measurement.seen(x, width, height);
    const again = measurement.seen(seen, width, height);
    seen.forEach((value, i) => assertAlmostEquals(again[i]!, value, 1e-6)); // A⁺A twice is A⁺A
    const other = measurement.seen(y, width, height);
    assertAlmostEquals(dot(seen, y), dot(x, other), 1e-4); // and it is symmetric
    const free = x.map((value, i) => value - seen[i]!);
    assertAlmostEquals(dot(free, other), 0, 1e-4);
  });

  Deno.test(`the ${name} measurement${factor > 1 ? ` by ${factor}` : ""} reads a given picture as what it sees of it`, () => {
    const given = {
      width: width / factor,
      height: height / factor,
      data: Uint8Array.from(
        { length: 3 * width * height / factor ** 2 },
        (_, i) => (i * 89) % 256,
      ),
    };
    const read = measurement.read(given, width, height);
    const seen = measurement.seen(read, width, height);
    read.forEach((value, i) => assertAlmostEquals(seen[i]!, value, 1e-6));
    assertNotEquals(Math.max(...read), Math.min(...read));
  });
}

Deno.test("blockMeasurement() names a factor and a size that cannot be", () => {
  assertThrows(() => blockMeasurement(1.5), RangeError, "1.5");
  assertThrows(() => blockMeasurement(5).seen(random(1), width, height), RangeError, "12x8");
});

Deno.test("blockMeasurement() means over blocks, channel by channel", () => {
  const x = new Float32Array(3 * 4 * 2);
  x[8] = 4; // the second channel's top left pixel
  const seen = blockMeasurement(2).seen(x, 4, 2);
  assertEquals([...seen].map((value, i) => value ? i : -1).filter((i) => i >= 0), [8, 9, 12, 13]);
  assertEquals(seen[8], 1);
});
