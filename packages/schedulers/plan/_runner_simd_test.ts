import { assert, assertEquals } from "@std/assert";
import { memoryOf } from "../wasm/_simd.ts";
import { type SchedulerConfig } from "../config/config.ts";
import { Scheduler } from "../scheduler.ts";
import { torchRandom } from "../random/torch_random.ts";

/** More than two blocks of a step, in WebAssembly; and pieces short enough for JavaScript. */
const LONG = 33333, SHORT = 500;

function normals(seed: number): Float32Array {
  const out = new Float32Array(LONG);
  torchRandom(seed).fill(out);
  return out;
}

/** Runs `[from, to)` of a problem in which every element is independent of the others. */
function run(config: SchedulerConfig, from: number, to: number, resident: boolean): Float32Array {
  const scheduler = Scheduler.fromConfig(config);
  scheduler.setTimesteps(6);
  let draws = 0;
  const x = normals(0).subarray(from, to).map((z) => z * scheduler.initNoiseSigma);
  const runner = scheduler.runner(x, (out) => out.set(normals(100 + draws++).subarray(from, to)));
  assertEquals(memoryOf(runner.x) !== undefined, to - from >= 512);
  while (!runner.done) {
    const output = resident ? runner.output : new Float32Array(to - from);
    const { x, cIn } = runner;
    for (let i = 0; i < output.length; i++) output[i] = Math.sin(cIn * x[i]!);
    runner.step(output);
  }
  return runner.x.slice();
}

const configs: SchedulerConfig[] = [
  { _class_name: "DDIMScheduler" }, // clips
  { _class_name: "DDIMScheduler", clip_sample: false },
  { _class_name: "EulerAncestralDiscreteScheduler" },
  { _class_name: "HeunDiscreteScheduler" },
  { _class_name: "PNDMScheduler" },
  { _class_name: "DPMSolverMultistepScheduler", solver_order: 3 },
  { _class_name: "UniPCMultistepScheduler", solver_order: 3 },
  { _class_name: "SASolverScheduler" },
];

for (const config of configs) {
  Deno.test(`${JSON.stringify(config)} gives the same bits in WebAssembly blocks as in JavaScript`, () => {
    const whole = run(config, 0, LONG, false);
    assert(whole.every(Number.isFinite));
    assertEquals(run(config, 0, LONG, true), whole);
    for (const from of [0, 16200, LONG - SHORT]) {
      assertEquals(run(config, from, from + SHORT, false), whole.slice(from, from + SHORT));
    }
  });
}
