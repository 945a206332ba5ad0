import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { addModel, modelFile } from "../testing/_testing.ts";
import { chooseDevices, describeDevices, devices } from "./providers.ts";
import { probeDevices } from "./node/probe_devices.ts";
import type { DeviceProbe } from "../session.ts";
import { openSession } from "./node/open_session.ts";

const somewhere: readonly DeviceProbe[] = [
  { device: "cuda", available: false, reason: "its libraries are missing" },
  { device: "webgpu", available: true, software: "SwiftShader" },
  { device: "dml", available: true },
  { device: "cpu", available: true },
];

// A process that has touched WebGPU keeps its thread to the end, which is not a leak.
const probing = { sanitizeOps: false, sanitizeResources: false };

Deno.test({
  name: "probeDevices() says of every device whether it works, and if not, why",
  ...probing,
  fn: async () => {
    const probes = await probeDevices();
    assertEquals(probes.map(({ device }) => device), [...devices]);
    assert(probes.at(-1)!.available, "the CPU always works");
    for (const { available, reason } of probes) assertEquals(available, reason === undefined);
    assertEquals(await probeDevices(), probes); // once per process
  },
});

Deno.test({
  name: "a forced device that does not work here fails with its reason",
  ...probing,
  fn: async () => {
    const absent = (await probeDevices()).find(({ available }) => !available)!;
    await using file = await modelFile(addModel);
    const error = await assertRejects(
      () => openSession(file.path, { device: absent.device }),
      Error,
    );
    assertMatch(
      error.message,
      new RegExp(`^Cannot use device "${absent.device}": .+; expected auto`),
    );
  },
});

Deno.test("chooseDevices() leaves drivers that draw on the processor to those who ask for them", () => {
  assertEquals(chooseDevices("auto", somewhere), ["dml", "cpu"]);
  assertEquals(chooseDevices("webgpu", somewhere), ["webgpu"]);
  assertThrows(() => chooseDevices("cuda", somewhere), Error, "its libraries are missing");
  assertThrows(() => chooseDevices("coreml", somewhere), Error, "it was not found");
  assertThrows(() => chooseDevices("gpu" as "cpu", somewhere), RangeError, 'it is "gpu"');
});

Deno.test("describeDevices() is one line with a reason for each that does not serve", () => {
  assertEquals(
    describeDevices(somewhere, "cpu"),
    "cpu serves; not cuda (its libraries are missing); webgpu (SwiftShader draws on the processor; " +
      "slower than cpu); dml (works, comes later or was not asked for)",
  );
});

Deno.test("where not even the CPU works, the engine's reason is said", () => {
  const reason = "Cannot load the inference engine onnxruntime-node: no permission";
  const probes = devices.map((device) => ({ device, available: false, reason }));
  assertThrows(() => chooseDevices("auto", probes), Error, `Cannot use any device: ${reason}`);
});
