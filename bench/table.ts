/**
 * One table of every sampler's step, in nanoseconds per element, beside the time to copy the same bytes;
 * then compile times and Gaussian draws.
 *
 *     deno task bench [--budget 200]     milliseconds for each cell
 *
 * Times are the least of many runs, so that other work on the machine counts little.
 */
import { parseArgs } from "@std/cli/parse-args";
import { numpyRandom, philoxRandom, torchRandom } from "@shum/schedulers";
import {
  best,
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

/** Nanoseconds per element to copy one vector to another. */
function copyTime(size: number): number {
  const from = normals(size, 0), to = new Float32Array(size);
  const repeats = Math.max(1, Math.round(1e6 / size));
  return best(() => {
    for (let k = 0; k < repeats; k++) to.set(from);
  }, milliseconds) / repeats / size;
}

function row(cells: readonly (string | number)[]): void {
  const texts = cells.map((cell) => typeof cell === "number" ? cell.toFixed(2) : cell);
  console.log(
    `| ${texts.map((text, i) => i === 0 ? text.padEnd(14) : text.padStart(9)).join(" | ")} |`,
  );
}

console.log(`Deno ${Deno.version.deno}, V8 ${Deno.version.v8}\n`);
console.log("A step, ns per element; noise given. Floor: Float32Array.set of as many bytes.\n");
row(["sampler", ...sizes.map(([name]) => name), "floor", "x floor", "draws"]);
row(["---", ...sizes.map(() => "---"), "---", "---", "---"]);
const copies = sizes.map(([, size]) => copyTime(size));
row(["copy", ...copies, "", "", ""]);
for (const entry of cases) {
  const scheduler = prepare(entry), { plan } = scheduler;
  const times = sizes.map(([, size]) =>
    stepTime(scheduler, noiseOf(entry, false), size, milliseconds) / size
  );
  const floor = copies.at(-1)! * vectorsPerStep(plan) / 2; // a copy moves two vectors
  const drawn = plan.steps.filter((step) => step.x.noise !== undefined).length;
  row([entry.name, ...times, floor, times.at(-1)! / floor, drawn / plan.steps.length]);
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
