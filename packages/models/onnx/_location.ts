// A model may come from anyone: what a graph names must lie in its folder.

/** More than any file system takes. */
const longestName = 255;

/**
 * Checks the place of a constant's bytes as a graph gives it: a path relative to the graph's folder
 * that stays in it by its text alone. Every reader of graphs calls this while it reads, before any
 * file is touched; where links lead is the business of `realPathInside()`.
 *
 * @throws {SyntaxError} if it is empty, absolute, leads upwards, or names no file.
 */
export function checkLocation(location: string, constant: string): void {
  const names = location.split("/");
  const encoder = new TextEncoder();
  const refused = names.some((name) => name === "" || name === "..") || names.at(-1) === "." ||
    // deno-lint-ignore no-control-regex
    /[\\\x00-\x1f\x7f]|^[A-Za-z]:/.test(location) ||
    // The engine's own mark for an address in memory.
    location.includes("_ORT_MEM_ADDR_") ||
    names.some((name) => encoder.encode(name).length > longestName);
  if (!refused) return;
  throw new SyntaxError(
    `the bytes of ${JSON.stringify(constant.slice(0, 100))} are said to lie at ` +
      `${
        JSON.stringify(location.slice(0, 1000))
      }; expected a file in the model's folder, without ` +
      `".." or "\\"`,
  );
}
