import { platform } from "node:process";

let trim: (() => void) | undefined;

/**
 * Gives freed memory back to the system. glibc keeps what the engine frees (hundreds of megabytes
 * after a model that held its weights itself) for later calls that may never come.
 */
export function trimMemory(): void {
  trim ??= findTrim();
  trim();
}

function findTrim(): () => void {
  // Node and Bun have no such door to C, or not this one.
  if (platform !== "linux" || typeof Deno === "undefined") return () => {};
  try {
    const { symbols } = Deno.dlopen("libc.so.6", {
      malloc_trim: { parameters: ["usize"], result: "i32" },
    });
    return () => symbols.malloc_trim(0n);
  } catch {
    return () => {}; // another C library, or no permission
  }
}
