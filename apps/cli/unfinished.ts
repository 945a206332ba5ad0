/**
 * Files that are being written: the process may have to end before they are whole.
 *
 * @module
 */

const unfinished = new Set<string>();

/** Says that a file is being written, until the result is disposed of, which removes what is left. */
export function beginFile(path: string): AsyncDisposable {
  unfinished.add(path);
  return {
    async [Symbol.asyncDispose]() {
      await Deno.remove(path).catch(() => {}); // gone already when it was renamed
      unfinished.delete(path);
    },
  };
}

/** Removes, at the end of the process, what is not whole. */
export function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      Deno.removeSync(path);
    } catch {
      // Gone already, or never begun.
    }
  }
}
