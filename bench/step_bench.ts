// Every sampler's step at four sizes, beside a copy of one vector: deno bench -A bench/step_bench.ts
import { cases, noiseOf, normals, prepare, shapes } from "./_cases.ts";

for (const [group, size] of Object.entries(shapes)) {
  const output = normals(size, 2), copy = new Float32Array(size);
  Deno.bench({
    name: `copy ${group}`,
    group,
    baseline: true,
    fn: () => copy.set(output),
  });
  for (const entry of cases) {
    const scheduler = prepare(entry), noise = noiseOf(entry, false), x = normals(size, 1);
    let run = scheduler.runner(x, noise);
    Deno.bench({
      name: `${entry.name} ${group}`,
      group,
      fn: (b) => {
        if (run.done) run = scheduler.runner(x, noise);
        b.start();
        run.step(run.output);
        b.end();
      },
    });
  }
}
