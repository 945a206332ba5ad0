// Expected values: numpy 2.4.6, `numpy.random.RandomState(seed).randn(n)`.
import { assertEquals, assertThrows } from "@std/assert";
import { numpyRandom } from "./numpy_random.ts";

Deno.test("numpyRandom() continues numpy's stream across calls", () => {
  const random = numpyRandom(42);
  const three = new Float32Array(3), two = new Float32Array(2);
  random.fill(three);
  random.fill(two);
  const expected = [0.4967141530112327, -0.13826430117118466, 0.64768854, 1.52302986, -0.23415337];
  assertEquals([...three, ...two], expected.map(Math.fround));
});

Deno.test("numpyRandom() rounds to the float32 numbers of numpy over 16384 draws", async () => {
  const out = new Float32Array(16384);
  numpyRandom(0).fill(out);
  const digest = await crypto.subtle.digest("SHA-256", out);
  assertEquals(
    Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    "e9d408c76ee8e46d009d0d9bd881ec1b0a80b8a985fdf1cb2cbb907b58f8ac32",
  );
});

Deno.test("numpyRandom() refuses the seeds that numpy refuses", () => {
  for (const seed of [-1, 2 ** 32, 0.5, NaN]) {
    assertThrows(() => numpyRandom(seed), RangeError, `seed is ${seed}`);
  }
  assertThrows(() => numpyRandom(-1n), RangeError, "seed is -1");
});
