import process from "node:process";

/** Deno's global scope; the types of a page, where they are loaded too, know other events. */
interface Scope {
  addEventListener(type: string, listener: (event: Event) => void): void;
  removeEventListener(type: string, listener: (event: Event) => void): void;
}

/**
 * Watches for the end of the process.
 *
 * @param runsDry Called when nothing is left to do; true if it has found something, which goes on.
 * @param ends Called at the very end, when nothing that takes time can begin any more.
 * @returns Stops watching.
 */
export function watchProcessEnd(runsDry: () => boolean, ends: () => void): () => void {
  // Deno has process.on() too, but Deno.exit() does not tell it.
  if (typeof Deno === "undefined") {
    process.on("beforeExit", runsDry);
    process.on("exit", ends);
    return () => {
      process.off("beforeExit", runsDry);
      process.off("exit", ends);
    };
  }
  const scope = globalThis as unknown as Scope;
  const beforeUnload = (event: Event) => {
    if (runsDry()) event.preventDefault();
  };
  scope.addEventListener("beforeunload", beforeUnload);
  scope.addEventListener("unload", ends);
  return () => {
    scope.removeEventListener("beforeunload", beforeUnload);
    scope.removeEventListener("unload", ends);
  };
}

/**
 * Whether a thread may be ended while the engine computes in it. Node and Bun wait for the call to
 * return, and then the engine, which finds its thread ended, aborts the process.
 */
export const endsBusyThreads: boolean = typeof Deno !== "undefined";

/** Ends the process where an exit would wait for a thread that never ends; its code is lost. */
export function killProcess(): void {
  process.kill(process.pid, "SIGKILL");
}
