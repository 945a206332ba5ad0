import { assertEquals, assertThrows } from "@std/assert";
import { assertFinite } from "./finite.ts";
import { fromFloat16, toFloat16 } from "./engine/float16.ts";
import { stack, tensor } from "./tensor.ts";

Deno.test("stack() repeats single rows, keeps whole batches, and refuses others", () => {
  const row = tensor(new Int32Array([1, 2]), [1, 2]);
  const rows = tensor(new Int32Array([3, 4, 5, 6, 7, 8]), [3, 2]);
  const { data, shape } = stack([row, rows], 3);
  assertEquals(data, new Int32Array([1, 2, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8]));
  assertEquals(shape, [6, 2]);
  assertThrows(() => stack([row, rows], 2), RangeError, "a part has 3 rows; expected 1 or 2");
});

Deno.test("float16 survives the way there and back for all 65536 patterns", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const back = toFloat16(fromFloat16(bits));
  const nan = (pattern: number) => (pattern & 0x7c00) === 0x7c00 && (pattern & 0x3ff) !== 0;
  for (const pattern of bits) {
    if (!nan(pattern)) assertEquals(back[pattern], pattern);
  }
});

Deno.test("toFloat16() rounds to the nearest, ties to even, and overflows to infinity", () => {
  const values = new Float32Array([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, -0]);
  assertEquals([...toFloat16(values)], [0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 0x8000]);
});

Deno.test("assertFinite() finds a single NaN or infinity and says where", () => {
  const values = new Float32Array(1000).fill(3e38); // sums overflow, values do not
  assertFinite(values, "it", "do that");
  for (const bad of [NaN, Infinity, -Infinity]) {
    const spoilt = values.slice();
    spoilt[777] = bad;
    assertThrows(
      () => assertFinite(spoilt, "it", "do that"),
      RangeError,
      `gave ${bad} at element 777`,
    );
  }
});
