import type { DeviceProbe } from "../../session.ts";
import { engineWorker } from "./_worker_client.ts";

let probed: Promise<readonly DeviceProbe[]> | undefined;

/**
 * Tries every device on a tiny graph, one after another; once per process.
 *
 * @example The CPU always works
 * ```ts
 * import { assert } from "@std/assert";
 * import { probeDevices } from "@shum/models";
 *
 * const probes = await probeDevices();
 * assert(probes.find(({ device }) => device === "cpu")!.available);
 * ```
 */
export function probeDevices(): Promise<readonly DeviceProbe[]> {
  if (probed === undefined) {
    probed = engineWorker.request("probe", {});
    probed.then(
      (probes) =>
        probes.some((probe) => probe.device === "webgpu" && probe.available) && engineWorker.pin(),
      () => probed = undefined,
    );
  }
  return probed;
}
