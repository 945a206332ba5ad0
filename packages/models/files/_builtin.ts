interface Builtins {
  readonly fs: typeof import("node:fs");
  readonly "fs/promises": typeof import("node:fs/promises");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
  readonly url: typeof import("node:url");
}

/**
 * A module that Deno, Node and Bun have built in, for code that is also bundled for browsers: an import
 * of it would make every such bundle fail, whether or not it ever reads a file.
 *
 * @throws {Error} if there is no such module: in a browser.
 */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  const found = process?.getBuiltinModule?.(name);
  if (found !== undefined) return found as Builtins[Name];
  throw new Error(
    `Cannot use files: this platform has no module "${name}"; expected Deno, Node 24 or Bun, or a ` +
      `model that is given as bytes or addresses`,
  );
}

/** An environment variable; undefined if it is empty, may not be read, or there are none here. */
export function environment(name: string): string | undefined {
  const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
  try {
    return process?.env[name] || undefined; // an empty variable counts as unset, as in Python's
  } catch {
    return undefined; // no permission to read it
  }
}
