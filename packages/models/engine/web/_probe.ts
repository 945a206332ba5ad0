import type { DeviceProbe } from "../../session.ts";

/** What is asked of `navigator.gpu`; not every library of types has it. */
interface Gpu {
  requestAdapter(): Promise<
    | { readonly info: { readonly architecture: string; readonly isFallbackAdapter?: boolean } }
    | null
  >;
}

/** Which devices a page has: the processor always, WebGPU where the browser gives an adapter. */
export async function probeWebDevices(): Promise<readonly DeviceProbe[]> {
  return [await probeGpu(), { device: "cpu", available: true }];
}

async function probeGpu(): Promise<DeviceProbe> {
  const gpu = (globalThis.navigator as { readonly gpu?: Gpu } | undefined)?.gpu;
  const no = (reason: string): DeviceProbe => ({ device: "webgpu", available: false, reason });
  if (gpu === undefined) return no("the browser has no WebGPU, or the page is not served securely");
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return no("the browser gives no adapter");
    const { architecture, isFallbackAdapter } = adapter.info;
    const software = isFallbackAdapter || /swiftshader|llvmpipe|basic/i.test(architecture);
    return { device: "webgpu", available: true, ...software && { software: architecture } };
  } catch (error) {
    return no((error as Error).message);
  }
}
