import { platform } from "node:process";
import { engineLibrary } from "./_engine_library.ts";

let trim: (() => void) | undefined;

/**
 * Gives freed memory back to the system. glibc keeps what the engine frees (hundreds of megabytes
 * after a model that held its weights itself) for later calls that may never come.
 */
export function trimMemory(): void {
  trim ??= findTrim() ?? (() => {});
  trim();
}

/** glibc's own function, or undefined: another C library, or no permission. */
export function findTrim(): (() => void) | undefined {
  // Node and Bun have no such door to C, or not this one.
  if (platform !== "linux" || typeof Deno === "undefined") return undefined;
  for (const library of [() => "libc.so.6", engineLibrary]) {
    try {
      const { symbols } = Deno.dlopen(library(), {
        malloc_trim: { parameters: ["usize"], result: "i32" },
      });
      return () => symbols.malloc_trim(0n);
    } catch {
      // Then through the other.
    }
  }
  return undefined;
}
