/**
 * Measures for bench/peers/schedulers.py: reads one JSON request a line and answers with one. For a sampler,
 * `{ name, config, shape, budget }`, microseconds per step, draws included; for a generator,
 * `{ draws, budget }`, nanoseconds per Gaussian number.
 */
import { best, type Case, noiseOf, normals, prepare, shapes, stepTime } from "./_cases.ts";
import { numpyRandom, philoxRandom, type Scheduler, torchRandom } from "@shum/schedulers";

interface StepRequest extends Case {
  readonly shape: keyof typeof shapes;
  readonly budget: number;
}
interface DrawRequest {
  readonly draws: keyof typeof generators;
  readonly budget: number;
}

const generators = { torch: torchRandom(0), numpy: numpyRandom(0), philox: philoxRandom(0) };
const drawn = new Float32Array(shapes["4x64x64"]);

function measure(request: StepRequest | DrawRequest): Record<string, number> {
  const { budget } = request;
  if ("draws" in request) {
    const random = generators[request.draws];
    return { draw: best(() => random.fill(drawn), budget) / drawn.length };
  }
  const scheduler = prepare(request), size = shapes[request.shape];
  const step = stepTime(scheduler, noiseOf(request, true), size, budget);
  return { step: step / 1e3, facade: facadeTime(scheduler, request, size, budget) / 1e3 };
}

/** The facade that diffusers' users know: new arrays and the predicted sample at every step. */
function facadeTime(scheduler: Scheduler, entry: Case, size: number, budget: number): number {
  const output = normals(size, 2), start = normals(size, 1), noise = noiseOf(entry, true);
  const total = scheduler.plan.steps.length, half = Math.floor(total / 2);
  const least = new Float64Array(total).fill(Infinity);
  const end = performance.now() + budget;
  for (let round = 0; round < 5 || performance.now() < end; round++) {
    scheduler.setBeginIndex(0);
    let x = start;
    for (let i = 0; i < total; i++) {
      const from = performance.now();
      x = scheduler.step(output, x, noise).prevSample;
      least[i] = Math.min(least[i]!, performance.now() - from);
    }
  }
  return least.subarray(half).reduce((sum, time) => sum + time) * 1e6 / (total - half);
}

const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
let pending = "";
for await (const chunk of lines) {
  pending += chunk;
  for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
    console.log(JSON.stringify(measure(JSON.parse(pending.slice(0, end)))));
    pending = pending.slice(end + 1);
  }
}
