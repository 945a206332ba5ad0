import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { guidanceEmbedding } from "./guidance_embedding.ts";

Deno.test("guidanceEmbedding() gives diffusers' numbers", () => {
  // diffusers 0.42.1, LatentConsistencyModelPipeline.get_guidance_scale_embedding(tensor([7.5]), 256)
  const expected: readonly (readonly [number, number])[] = [
    [0, -0.8512358665466309],
    [1, 0.8421311974525452],
    [2, 0.011876258999109268],
    [50, -0.9882062673568726],
    [100, -0.8241929411888123],
    [127, 0.6816387176513672],
    [128, -0.5247832536697388],
    [129, 0.5392727255821228],
    [178, 0.15312859416007996],
    [255, 0.731688916683197],
  ];
  const { data, shape } = guidanceEmbedding(8.5, 256);
  assertEquals(shape, [1, 256]);
  // Angles reach 7500, where a float32 has steps of 5e-4; torch's exp differs in the last bit.
  for (const [i, value] of expected) assertAlmostEquals(data[i] as number, value, 1e-3);
});

Deno.test("guidanceEmbedding() ends an odd size with 0 and refuses odd sizes", () => {
  const { data } = guidanceEmbedding(2, 7);
  assertEquals([data.length, data[6]], [7, 0]);
  for (const size of [0, 3, 2.5, NaN]) {
    assertThrows(() => guidanceEmbedding(2, size), RangeError, `size is ${size}`);
  }
});
