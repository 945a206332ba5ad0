/**
 * Runs one case on the CPU and on WebGPU and prints how they compare. A process of its own, because
 * WebGPU allows one thread per process, and the driver's crashes would take the tests along.
 */
import { probeDevices } from "@shum/models";
import { fromPretrained } from "@shum/pipelines";
import { fixtureFolder, largestDifference, readFixture, relativeError } from "./_fixtures.ts";
import { type Outcome, runCase } from "./_run_case.ts";

if (Deno.args[0] === "probe") {
  const webgpu = (await probeDevices()).find(({ device }) => device === "webgpu");
  console.log(JSON.stringify(webgpu ?? { available: false, reason: "not known to the engine" }));
} else {
  const [family, id] = Deno.args as [string, string];
  const settings = readFixture(family).cases.find((c) => c.id === id)!;
  const outcomes: Outcome[] = [];
  const seconds: number[] = [];
  for (const device of ["cpu", "webgpu"] as const) {
    await using pipeline = await fromPretrained(fixtureFolder(family), { device, kind: "any" });
    const start = performance.now();
    outcomes.push(await runCase(pipeline, settings, { steps: 3 }));
    seconds.push((performance.now() - start) / 1e3);
  }
  const [cpu, gpu] = outcomes as [Outcome, Outcome];
  console.log(JSON.stringify({
    latents: relativeError(gpu.latents, cpu.latents),
    pixels: Math.max(
      ...gpu.images.map((image, i) => largestDifference(image.data, cpu.images[i]!.data)),
    ),
    seconds,
  }));
}
