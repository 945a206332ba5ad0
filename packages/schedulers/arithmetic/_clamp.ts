import { memoryOf } from "../wasm/_simd.ts";

/** Clamps every element to `[low, high]`, in place; NaN stays NaN. */
export function clamp(x: Float32Array, low: number, high: number): void {
  const done = memoryOf(x)?.clamp(x, low, high) ?? 0;
  for (let i = done; i < x.length; i++) x[i] = Math.min(Math.max(x[i]!, low), high);
}
