/**
 * Measures steps for bench/peers/schedulers.py: reads one JSON request a line, `{ config, shape, steps, budget }`,
 * and answers with microseconds per step, draws included, as JSON.
 */
import { best, type Case, noiseOf, normals, prepare, shapes, stepTime } from "./_cases.ts";
import type { Scheduler } from "@shum/schedulers";

interface Request extends Case {
  readonly shape: keyof typeof shapes;
  readonly budget: number;
}

/** The facade that diffusers' users know: new arrays and the predicted sample at every step. */
function facadeTime(scheduler: Scheduler, entry: Case, size: number, budget: number): number {
  const output = normals(size, 2), start = normals(size, 1), noise = noiseOf(entry, true);
  const steps = scheduler.plan.steps.length;
  return best(() => {
    scheduler.setBeginIndex(0);
    let x = start;
    for (let i = 0; i < steps; i++) x = scheduler.step(output, x, noise).prevSample;
  }, budget) / steps;
}

const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
let pending = "";
for await (const chunk of lines) {
  pending += chunk;
  for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
    const entry: Request = JSON.parse(pending.slice(0, end));
    pending = pending.slice(end + 1);
    const scheduler = prepare(entry), size = shapes[entry.shape];
    const step = stepTime(scheduler, noiseOf(entry, true), size, entry.budget);
    const facade = facadeTime(scheduler, entry, size, entry.budget);
    console.log(JSON.stringify({ step: step / 1e3, facade: facade / 1e3 }));
  }
}
