import { assertEquals, assertThrows } from "@std/assert";
import { adaptive, type AdaptiveSampler, drive } from "./adaptive.ts";
import type { NoiseLevel } from "../plan/noise_level.ts";
import { epsilon, score } from "../plan/prediction.ts";
import { vpSde } from "../schedules/sde.ts";
import { probabilityFlow } from "./probability_flow.ts";

const levels: readonly NoiseLevel[] = [
  { t: 7, alpha: 0.6, sigma: 0.8 },
  { t: 3, alpha: 0.8, sigma: 0.6 },
];

/** Visits the levels, adding what the model says, and returns another array. */
function* visit(x: Float32Array): AdaptiveSampler {
  for (const level of levels) {
    const eps = yield { x, level };
    for (let i = 0; i < x.length; i++) x[i]! += eps[i]!;
  }
  return x.map((value) => 10 * value);
}

Deno.test("adaptive() shows each query, converts the output, and ends with the result", () => {
  const run = adaptive(visit(Float32Array.of(1, 2)), score, { total: 2 });
  assertEquals([run.index, run.total, run.done, run.level, run.t, run.cIn], [
    0,
    2,
    false,
    levels[0],
    7,
    1,
  ]);
  run.step(Float32Array.of(-1, 0)); // eps = -sigma·score = [0.8, 0]
  assertEquals([...run.x], [1.8, 2].map(Math.fround));
  assertEquals([...run.x0], [(1 - 0.64) / 0.6, 2 / 0.6].map(Math.fround));
  assertEquals([run.index, run.level], [1, levels[1]]);
  run.step(Float32Array.of(0, -5)); // eps = [0, 3]
  assertEquals([run.done, run.index, run.total], [true, 2, 2]);
  assertEquals([...run.x], [18, 50]);
});

Deno.test("adaptive() lets a pipeline change the sample between calls", () => {
  const run = adaptive(visit(Float32Array.of(1)), epsilon);
  run.x[0] = 4;
  run.step(Float32Array.of(1));
  run.step(Float32Array.of(1));
  assertEquals(run.x[0], 60);
});

Deno.test("adaptive() never reports fewer calls than it knows of", () => {
  const run = adaptive(visit(Float32Array.of(1)), epsilon, { total: 1 });
  assertEquals(run.total, 1);
  run.step(Float32Array.of(1));
  assertEquals([run.index, run.total], [1, 2]);
});

Deno.test("adaptive() scales the input as the prediction says", () => {
  const run = adaptive(visit(Float32Array.of(1)), (level) => ({ ...epsilon(level), cIn: 0.25 }));
  assertEquals(run.cIn, 0.25);
});

Deno.test("adaptive() is done at once when the sampler asks nothing", () => {
  const flow = probabilityFlow(Float32Array.of(5), vpSde(), { from: 0.5, to: 0.5 });
  const run = adaptive(flow, epsilon);
  assertEquals([run.done, run.total, run.x[0]], [true, 0, 5]);
  assertThrows(() => run.step(Float32Array.of(1)), RangeError, "ended after 0 model calls");
});

Deno.test("adaptive() names an output of the wrong length", () => {
  const run = adaptive(visit(Float32Array.of(1)), epsilon);
  assertThrows(() => run.step(new Float32Array(3)), RangeError, "has 3 elements; expected 1");
});

Deno.test("drive() calls the model with its scaled input, sync or async, and returns the result", async () => {
  const seen: number[] = [];
  const prediction = (level: NoiseLevel) => ({
    ...epsilon(level),
    cIn: 0.5,
    cNoise: 100 * level.t,
  });
  const model = (x: Float32Array, t: number): Float32Array => {
    seen.push(x[0]!, t);
    return Float32Array.of(2);
  };
  assertEquals([...await drive(visit(Float32Array.of(1)), prediction, model)], [50]);
  assertEquals(seen, [0.5, 700, 1.5, 300]);
  const later = (x: Float32Array, t: number) => Promise.resolve(model(x, t));
  assertEquals([...await drive(visit(Float32Array.of(1)), prediction, later)], [50]);
});
