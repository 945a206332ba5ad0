import { realpathSync } from "node:fs";
import { join } from "node:path";
import { buildNetwork } from "../architectures/build.ts";
import type { WeightTensor } from "../architectures/_net.ts";
import { fileSource } from "../files/_file_source.ts";
import { modelRoots, realPathInside } from "../files/_paths.ts";
import { readModelText } from "../files/_regular_file.ts";
import { placeTogether } from "../files/_side_by_side.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "../safetensors/header.ts";
import type { SafetensorsChoice } from "../safetensors/choose.ts";
import { readShardIndex } from "../safetensors/shards.ts";
import { parsePythonJson } from "../files/_python_json.ts";

// Networks as PyTorch saves them: their graphs are written here, into a folder of ours, and read their
// weights from the .safetensors files, which lie beside them as links.

/**
 * Writes the graphs of a component and puts them beside its weights.
 *
 * @param folder The component's.
 * @returns The path of each graph, by what the name of its folder ends with in an ONNX export.
 * @throws {Error} if weights or configuration are damaged, or do not belong together.
 */
export async function openSafetensors(
  folder: string,
  { file, sharded }: SafetensorsChoice,
  cacheDir: string,
): Promise<ReadonlyMap<string, string>> {
  const json = async (name: string) => {
    const text = await readModelText(inside(folder, name));
    try {
      return parsePythonJson(text);
    } catch (error) {
      throw new SyntaxError(`${name}: ${(error as Error).message}`, { cause: error });
    }
  };
  const config = await json("config.json");
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new SyntaxError("config.json holds no object; expected a network's configuration");
  }
  const shards = sharded ? within(file, readShardIndex, await json(file)) : undefined;
  const files = shards === undefined ? [file] : [...shards.keys()];
  const weights = new Map<string, WeightTensor>();
  const links: (readonly [name: string, real: string])[] = [];
  for (const [i, name] of files.entries()) {
    const real = inside(folder, name);
    const link = `weights-${i}.safetensors`;
    links.push([link, real]);
    const { tensors } = within(name, readHeaderOf, real);
    const listed = shards?.get(name);
    const missing = listed?.find((tensor) => !tensors.has(tensor));
    if (missing !== undefined) {
      throw new SyntaxError(`${name} lacks ${JSON.stringify(missing)}, which ${file} says it has`);
    }
    for (const [tensor, place] of tensors) {
      if (weights.has(tensor)) {
        throw new SyntaxError(`${name} has ${JSON.stringify(tensor)}, as another shard does`);
      }
      weights.set(tensor, { ...place, file: link });
    }
  }
  const graphs = buildNetwork(config as Record<string, unknown>, weights);
  const named = [...graphs].map(([suffix, graph]) => [`model${suffix}.onnx`, graph] as const);
  const place = await placeTogether(new Map(named), links, cacheDir);
  return new Map([...graphs.keys()].map((suffix) => [suffix, join(place, `model${suffix}.onnx`)]));
}

function inside(folder: string, name: string): string {
  const real = realPathInside(join(folder, name), modelRoots(folder));
  if (real !== undefined) return realpathSync(real);
  throw new Error(`${name}: missing; the network is not whole without it`);
}

/** The header of the file at a path. */
export function readHeaderOf(path: string): SafetensorsHeader {
  const source = fileSource(path, "a .safetensors file");
  try {
    return readSafetensorsHeader(source);
  } finally {
    source.close();
  }
}

/** Calls a function, and names the file in what it throws. */
function within<A, B>(name: string, read: (of: A) => B, of: A): B {
  try {
    return read(of);
  } catch (error) {
    if (error instanceof SyntaxError) error.message = `${name}: ${error.message}`;
    throw error;
  }
}
