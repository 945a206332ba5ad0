// Compiling 50-step plans, tables included: deno bench -A bench/compile_bench.ts
import { cases, prepare } from "./_cases.ts";

for (const entry of cases) {
  const scheduler = prepare(entry, 50);
  const steps = Math.min(50, scheduler.plan.steps.length);
  Deno.bench({
    name: entry.name,
    group: "compile 50 steps",
    fn: () => scheduler.setTimesteps(steps),
  });
}
