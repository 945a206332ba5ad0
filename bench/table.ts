/**
 * One table of every sampler's step, in nanoseconds per element, beside the time to copy the same bytes;
 * then compile times and Gaussian draws.
 *
 *     deno task bench [--budget 200]     milliseconds for each cell
 *
 * Times are the least of many runs, so that other work on the machine counts little.
 */
import { parseArgs } from "@std/cli/parse-args";
import { numpyRandom, philoxRandom, type Scheduler, torchRandom } from "@shum/schedulers";
import {
  best,
  type Case,
  cases,
  noiseOf,
  normals,
  prepare,
  shapes,
  stepTime,
  vectorsPerStep,
} from "./_cases.ts";

const { budget } = parseArgs(Deno.args, { string: ["budget"], default: { budget: "200" } });
const milliseconds = Number(budget);
const sizes = Object.entries(shapes);

/** Nanoseconds per element to copy as many bytes as `vectors` vectors hold, half of them to the others. */
function copyTime(size: number, vectors: number): number {
  const count = Math.max(2, Math.round(vectors));
  const all = Array.from({ length: count }, (_, k) => normals(size, k));
  const half = all[0]!.subarray(0, size / 2), last = all.at(-1)!.subarray(size / 2);
  const repeats = Math.max(1, Math.round(1e6 / size));
  const time = best(() => {
    for (let k = 0; k < repeats; k++) {
      for (let pair = 1; pair < count; pair += 2) all[pair]!.set(all[pair - 1]!);
      if (count % 2 === 1) last.set(half);
    }
  }, milliseconds);
  return time / repeats / size * vectors / count;
}

/** The step and its floor at one size, in turns, so that both meet the same machine. */
function withFloor(entry: Case, scheduler: Scheduler, size: number): [time: number, floor: number] {
  const vectors = vectorsPerStep(scheduler.plan), noise = noiseOf(entry, false);
  let time = Infinity, floor = Infinity;
  for (let turn = 0; turn < 3; turn++) {
    time = Math.min(time, stepTime(scheduler, noise, size, milliseconds) / size);
    floor = Math.min(floor, copyTime(size, vectors));
  }
  return [time, floor];
}

function row(cells: readonly (string | number)[]): void {
  const texts = cells.map((cell) => typeof cell === "number" ? cell.toFixed(2) : cell);
  console.log(
    `| ${texts.map((text, i) => i === 0 ? text.padEnd(14) : text.padStart(9)).join(" | ")} |`,
  );
}

console.log(`Deno ${Deno.version.deno}, V8 ${Deno.version.v8}\n`);
console.log(
  "A step, ns per element; noise given. Floor: Float32Array.set of as many bytes, over as much memory, at " +
    "the largest size.\n",
);
row(["sampler", ...sizes.map(([name]) => name), "floor", "x floor", "draws"]);
row(["---", ...sizes.map(() => "---"), "---", "---", "---"]);
const copies = sizes.map(([, size]) => copyTime(size, 2));
row(["copy", ...copies, "", "", ""]);
for (const entry of cases) {
  const scheduler = prepare(entry), { steps } = scheduler.plan;
  const times = sizes.slice(0, -1).map(([, size]) =>
    stepTime(scheduler, noiseOf(entry, false), size, milliseconds) / size
  );
  const [time, floor] = withFloor(entry, scheduler, sizes.at(-1)![1]);
  const drawn = steps.filter((step) => step.x.noise !== undefined).length;
  row([entry.name, ...times, time, floor, time / floor, drawn / steps.length]);
}

console.log("\nCompiling a plan of 50 steps, once warm, ms:\n");
row(["sampler", "ms"]);
row(["---", "---"]);
for (const entry of cases) {
  const scheduler = prepare(entry, 50);
  const steps = Math.min(50, scheduler.plan.steps.length);
  for (let k = 0; k < 20; k++) scheduler.setTimesteps(steps);
  row([entry.name, best(() => scheduler.setTimesteps(steps), milliseconds / 2) / 1e6]);
}

console.log("\nGaussian draws of 4x64x64, millions per second:\n");
row(["generator", "M/s"]);
row(["---", "---"]);
const out = new Float32Array(shapes["4x64x64"]);
const generators = { torch: torchRandom(0), numpy: numpyRandom(0), philox: philoxRandom(0) };
for (const [name, random] of Object.entries(generators)) {
  row([name, out.length / best(() => random.fill(out), milliseconds) * 1e3]);
}
