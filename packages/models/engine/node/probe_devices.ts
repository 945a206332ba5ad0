import type { DeviceProbe } from "../../session.ts";
import { engineWorker } from "./_worker_client.ts";

let probed: Promise<readonly DeviceProbe[]> | undefined;

/** See {@linkcode probeDevices} of `platform.ts`. */
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
