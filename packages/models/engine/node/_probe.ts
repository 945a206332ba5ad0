import { existsSync, readFileSync } from "node:fs";
import { arch, platform } from "node:process";
import { isNotPermitted } from "../../files/_absent.ts";
import { environment } from "../../files/_builtin.ts";
import { writeOnnxModel } from "../../onnx/_writer.ts";
import { engineLibrary } from "./_engine_library.ts";
import { createOnnxSession } from "./_onnx_session.ts";
import { devices } from "../providers.ts";
import type { Device, DeviceProbe } from "../../session.ts";

/** Tries each device on 1 + 2, in this thread: what the engine lists is only what it was built with. */
export async function probeInThisThread(): Promise<DeviceProbe[]> {
  const value = { type: "float32", shape: [1] };
  const model = writeOnnxModel({
    inputs: [{ name: "a", ...value }, { name: "b", ...value }],
    outputs: [{ name: "c", ...value }],
    nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["c"] }],
  });
  const probes: DeviceProbe[] = [];
  for (const device of devices) probes.push(await probe(device, model));
  return probes;
}

async function probe(device: Device, model: Uint8Array): Promise<DeviceProbe> {
  const impossible = impossibleHere(device);
  if (impossible !== undefined) return { device, available: false, reason: impossible };
  try {
    const session = await createOnnxSession(model, { device, threads: 1 });
    try {
      const number = (name: string, value: number) => ({
        name,
        type: "float32",
        shape: [1],
        buffer: new Float32Array([value]).buffer,
      });
      const [sum] = await session.run([number("a", 1), number("b", 2)], ["c"]);
      const result = new Float32Array(sum!.buffer)[0]!;
      if (result !== 3) return { device, available: false, reason: `it says 1 + 2 = ${result}` };
    } finally {
      await session.release();
    }
    const software = device === "webgpu" ? softwareAdapter() : undefined;
    return software === undefined
      ? { device, available: true }
      : { device, available: true, software };
  } catch (error) {
    return { device, available: false, reason: reason((error as Error).message) };
  }
}

function impossibleHere(device: Device): string | undefined {
  if (device === "coreml" && platform !== "darwin") return "it exists on macOS only";
  if (device === "dml" && platform !== "win32") return "it exists on Windows only";
  if (device === "cuda" && (platform === "darwin" || arch !== "x64")) {
    return "the engine has it for Linux and Windows on x86-64 only";
  }
  if (device === "webgpu" && platform === "linux") {
    if (arch !== "x64") return "the engine has it for Linux on x86-64 only";
    // The engine would print its own complaint, which no setting silences.
    if (!hasVulkan()) return "libvulkan.so.1 is missing: install the Vulkan loader and a driver";
  }
  return undefined;
}

function hasVulkan(): boolean {
  const name = "libvulkan.so.1";
  if (typeof Deno === "undefined") return hasLibrary(name);
  try {
    Deno.dlopen(name, {}).close();
    return true;
  } catch (error) {
    if (!isNotPermitted(error)) return false;
  }
  // Permission to use the engine's folder only: then as the engine itself would.
  try {
    const { symbols } = Deno.dlopen(engineLibrary(), {
      dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
    });
    const lazily = 1;
    return symbols.dlopen(new TextEncoder().encode(`${name}\0`), lazily) !== null;
  } catch {
    return true; // let the engine find out
  }
}

/** Whether the loader would find a library, where nothing can be loaded to see. */
function hasLibrary(name: string): boolean {
  const folders = environment("LD_LIBRARY_PATH")?.split(":") ?? [];
  if (folders.some((folder) => existsSync(`${folder}/${name}`))) return true;
  try {
    return readFileSync("/etc/ld.so.cache", "latin1").includes(`/${name}\0`);
  } catch {
    return true; // another loader: let the engine find out
  }
}

/** A Vulkan driver that draws on the processor, told by what was mapped into this process. */
function softwareAdapter(): string | undefined {
  try {
    const maps = readFileSync("/proc/self/maps", "utf8");
    if (/swiftshader/i.test(maps)) return "SwiftShader";
    if (/libvulkan_lvp|lavapipe/i.test(maps)) return "lavapipe";
  } catch {
    // Not Linux, or not permitted: take it for a real one.
  }
  return undefined;
}

function reason(message: string): string {
  if (/Failed to load shared library/.test(message)) {
    return "its libraries are missing: expected CUDA 12, cuDNN 9 and the engine's CUDA files " +
      "(deno install --allow-scripts=npm:onnxruntime-node)";
  }
  if (/No supported adapters|Failed to get a WebGPU adapter/.test(message)) {
    return "no graphics adapter with a Vulkan, Metal or Direct3D 12 driver was found";
  }
  if (/backend not found|no available backend/.test(message)) {
    return "this build of the engine does not have it";
  }
  return message.split("\n")[0]!;
}
