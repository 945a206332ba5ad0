import { assertAlmostEquals, assertEquals } from "@std/assert";
import { clipSample, dynamicThreshold } from "./clip.ts";

Deno.test("clipSample() keeps what lies inside", () => {
  const x0 = Float32Array.of(-2, -0.5, 0, 0.5, 2);
  clipSample({ range: 0.75 })(x0, 1);
  assertEquals([...x0], [-0.75, -0.5, 0, 0.5, 0.75]);
});

Deno.test("dynamicThreshold() never amplifies", () => {
  const x0 = Float32Array.of(0.1, -0.2, 0.3);
  dynamicThreshold({ ratio: 0.5, max: 10 })(x0, 1);
  assertEquals([...x0], [...Float32Array.of(0.1, -0.2, 0.3)]);
});

Deno.test("dynamicThreshold() takes the quantile of each sample alone", () => {
  const x0 = Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40);
  dynamicThreshold({ ratio: 0.5, max: 100 })(x0, 2);
  const expected = [1 / 2.5, 2 / 2.5, 1, 1];
  [...expected, ...expected].forEach((value, i) => assertAlmostEquals(x0[i]!, value, 1e-6));
});

Deno.test("dynamicThreshold() interpolates between order statistics, as torch.quantile does", () => {
  const x0 = Float32Array.of(-8, 1, 2, 4);
  dynamicThreshold({ ratio: 0.9, max: 100 })(x0, 1); // position 2.7 of 1, 2, 4, 8
  assertAlmostEquals(x0[3]!, 4 / 6.8, 1e-6);
});

Deno.test("dynamicThreshold() never exceeds its maximum, which 1 does not lift", () => {
  const x0 = Float32Array.of(-4, 0.25);
  dynamicThreshold({ ratio: 1, max: 0.5 })(x0, 1);
  assertEquals([...x0], [-1, 0.5]);
});
