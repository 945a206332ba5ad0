import { builtin } from "../files/_builtin.ts";
import type { GraphSource } from "./engine.ts";

/** A source as messages name it, quoted where it is a name. */
export function describeSource(source: GraphSource): string {
  return source instanceof Uint8Array ? `the given ${source.length} bytes` : `"${source}"`;
}

/** The path of a source that is a file, the source itself otherwise. */
export function withPath(source: GraphSource): GraphSource {
  return source instanceof URL && source.protocol === "file:"
    ? builtin("url").fileURLToPath(source)
    : source;
}

/**
 * Whatever a graph can be read from: its path, or its bytes, fetched if need be.
 *
 * @throws {Error} if its address does not give it.
 */
export async function readGraph(source: GraphSource): Promise<string | Uint8Array> {
  const found = withPath(source);
  if (!(found instanceof URL)) return found;
  const response = await fetch(found);
  if (!response.ok) {
    throw new Error(`Cannot read "${found}": the server answered ${response.status}; expected 200`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
