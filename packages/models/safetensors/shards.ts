import { quote } from "./_header_text.ts";

/** More files than any model has. */
const mostShards = 1000;

/**
 * Reads the index of a model whose tensors lie in several files (`….safetensors.index.json`).
 *
 * @param json The file, parsed.
 * @returns The names of the files, each a plain name beside the index, and of the tensors in each.
 * @throws {SyntaxError} if it is no index, or names anything but a file beside it.
 */
export function readShardIndex(json: unknown): ReadonlyMap<string, readonly string[]> {
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new SyntaxError("it has no weight_map; expected tensors and the names of their files");
  }
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[A-Za-z0-9][\w.+-]{0,200}\.safetensors$/.test(file)) {
      throw new SyntaxError(
        `${quote(tensor)} is said to lie in ${
          quote(String(file))
        }; expected the plain name of a .safetensors file beside it`,
      );
    }
    const before = shards.get(file);
    if (before) before.push(tensor);
    else shards.set(file, [tensor]);
    if (shards.size > mostShards) throw new SyntaxError(`it names over ${mostShards} files`);
  }
  return shards;
}
