import type { Device, DeviceProbe } from "../session.ts";

/** The devices, in the order in which "auto" tries them. */
export const devices: readonly Device[] = ["cuda", "webgpu", "coreml", "dml", "cpu"];

/**
 * The devices that a wish comes down to, in the order to try.
 *
 * @throws {RangeError} if the name is unknown.
 * @throws {Error} if the forced device does not work here, or none does; says why and which ones do.
 *
 * @example A machine without CUDA
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { chooseDevices } from "@shum/models";
 *
 * const probes = [
 *   { device: "cuda", available: false, reason: "its libraries are missing" },
 *   { device: "cpu", available: true },
 * ] as const;
 * assertEquals(chooseDevices("auto", probes), ["cpu"]);
 * assertThrows(() => chooseDevices("cuda", probes), Error, "its libraries are missing");
 * ```
 */
export function chooseDevices(
  wish: Device | "auto",
  probes: readonly DeviceProbe[],
): readonly Device[] {
  const working = probes.filter(({ available }) => available);
  if (wish === "auto") {
    const found = working.filter(({ software }) => software === undefined);
    if (found.length > 0) return found.map(({ device }) => device);
    // Not even the CPU: then it is the engine itself, and all devices have the same reason.
    const why = probes.find(({ device }) => device === "cpu")?.reason ?? "none was found";
    throw new Error(
      `Cannot use any device: ${why}; expected at least the CPU: is the inference engine installed, and ` +
        `may it be used (deno run --allow-ffi)?`,
    );
  }
  if (!devices.includes(wish)) {
    throw new RangeError(
      `Cannot choose device: it is "${wish}"; expected auto, ${devices.join(", ")}`,
    );
  }
  const probe = probes.find(({ device }) => device === wish);
  if (!probe?.available) {
    throw new Error(
      `Cannot use device "${wish}": ${probe?.reason ?? "it was not found"}; expected auto or ${
        working.map(({ device }) => device).join(", ")
      }`,
    );
  }
  return [wish];
}

/**
 * One line that says which device serves and why the ones before it do not.
 *
 * @example A machine without CUDA
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeDevices } from "@shum/models";
 *
 * const probes = [
 *   { device: "cuda", available: false, reason: "its libraries are missing" },
 *   { device: "cpu", available: true },
 * ] as const;
 * assertEquals(describeDevices(probes, "cpu"), "cpu serves; not cuda (its libraries are missing)");
 * ```
 */
export function describeDevices(probes: readonly DeviceProbe[], serving: Device): string {
  const others = probes.filter(({ device }) => device !== serving).map((probe) => {
    if (!probe.available) return `${probe.device} (${probe.reason ?? "unknown reason"})`;
    if (probe.software !== undefined) {
      return `${probe.device} (${probe.software} draws on the processor; slower than cpu)`;
    }
    return `${probe.device} (works, comes later or was not asked for)`;
  });
  return others.length === 0 ? `${serving} serves` : `${serving} serves; not ${others.join("; ")}`;
}
